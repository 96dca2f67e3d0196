// Keys of a file. Goal: whom a key is, and one clear line for each way that a file can be wrong.
// Method: texts.
#include "app/key_file.h"

#include <gtest/gtest.h>

namespace millrace::app {
namespace {

const std::string kAccount = "123456789012";

TEST(KeyFile, AKeyWithoutAPolicyIsRootAndOneWithAPolicyIsAUser) {
    auto file = KeyFile::parse(
        R"([{"AccessKeyId":"A","SecretAccessKey":"s"},{"AccessKeyId":"B","SecretAccessKey":"t",)"
        R"("Policy":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dax:*",)"
        R"("Resource":"*"}}}])",
        kAccount);
    ASSERT_TRUE(file) << file.error().message;
    const auto root = file->find("A");
    ASSERT_NE(root, nullptr);
    EXPECT_EQ(root->secret_access_key, "s");
    EXPECT_EQ(root->caller->kind, contracts::PrincipalKind::kRoot);
    const auto user = file->find("B");
    ASSERT_NE(user, nullptr);
    EXPECT_EQ(user->caller->kind, contracts::PrincipalKind::kUser);
    EXPECT_EQ(user->caller->identity_policies.size(), 1u);
    EXPECT_EQ(file->find("C"), nullptr);
}

TEST(KeyFile, WhatIsWrongIsNamed) {
    const std::pair<const char*, const char*> kCases[] = {
        {"", "JSON list"},
        {"{}", "JSON list"},
        {R"([{"AccessKeyId":"A"}])", "key 1 of the keys file must name"},
        {R"([{"AccessKeyId":"A","SecretAccessKey":"s","Polcy":{}}])", "Polcy is not known"},
        {R"([{"AccessKeyId":"A","SecretAccessKey":"s","Policy":{}}])", "key 1 of the keys file:"},
        {R"([{"AccessKeyId":"A","SecretAccessKey":"s"},{"AccessKeyId":"A","SecretAccessKey":"t"}])",
         "key 2 of the keys file is there twice"},
    };
    for (const auto& [text, message] : kCases) {
        const auto file = KeyFile::parse(text, kAccount);
        ASSERT_FALSE(file) << text;
        EXPECT_NE(file.error().message.find(message), std::string::npos) << file.error().message;
    }
}

}  // namespace
}  // namespace millrace::app
