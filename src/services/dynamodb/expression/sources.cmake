# Included by src/services/dynamodb/CMakeLists.txt: the expression language's files, relative to it.
set(MR_EXPRESSION_SOURCES
  expression/apply.cc
  expression/condition_parser.cc
  expression/context.cc
  expression/evaluate.cc
  expression/key_condition.cc
  expression/legacy.cc
  expression/projection.cc
  expression/reserved_words.cc
  expression/syntax.cc
  expression/update_parser.cc)
set(MR_EXPRESSION_TESTS
  expression/error_texts_test.cc
  expression/expression_test.cc
  expression/property_test.cc)
if(MILLRACE_FUZZ)
  add_executable(expression_fuzz expression/expression_fuzz.cc)
  target_link_libraries(expression_fuzz PRIVATE mr_services_dynamodb)
  target_link_options(expression_fuzz PRIVATE -fsanitize=fuzzer)
endif()
