// The website endpoint as a table: what is there, what is asked, what comes back.
#include "services/s3/test_bed.h"

namespace millrace::s3 {
namespace {

class WebsiteTest : public testing::Test {
protected:
    WebsiteTest() {
        bed.make_bucket("site");
        for (const auto& [key, content] :
             std::vector<std::pair<const char*, const char*>>{{"index.html", "home"},
                                                              {"folder/index.html", "folder"},
                                                              {"page", "page"},
                                                              {"error.html", "sorry"},
                                                              {"docs/a b", "blank"}}) {
            bed.put("site", key, content);
        }
    }
    void configure(const std::function<void(model::s3::WebsiteConfiguration&)>& change = {}) {
        PutBucketWebsite::Input input;
        input.bucket = "site";
        auto& website = input.website_configuration.emplace();
        website.index_document.emplace().suffix = "index.html";
        if (change) change(website);
        bed.as(root_of("123456789012"));
        ASSERT_EQ(bed.call<PutBucketWebsite>(input).code(), "ok");
    }
    HttpResponse get(const std::string& path, std::vector<HttpHeader> headers = {},
                     std::string_view method = "GET", std::string_view bucket = "site") {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.target = path;
        headers.push_back({"Host", "site.s3-website.localhost:4566"});
        request.headers = std::move(headers);
        bed.as(anonymous());
        bed.info.http = &request;
        HttpResponse response;
        bed.store->run([&](store::Txn& txn) {
            contracts::OpContext context(txn, bed.clock, bed.rng, bed.info);
            response = bed.service.website().serve(context, bucket, request);
            return store::TxnDecision::kCommit;
        });
        bed.info.http = nullptr;
        return response;
    }
    static std::string header(const HttpResponse& response, std::string_view name) {
        for (const auto& [key, value] : response.headers) {
            if (equals_ignore_case(key, name)) return value;
        }
        return {};
    }
    // "200 home", "302 /folder/", "404 NoSuchKey"
    std::string show(const HttpResponse& response) {
        std::string out = std::to_string(response.status) + " ";
        if (response.status / 100 == 3 && response.status != 304) {
            return out + header(response, "Location");
        }
        if (response.body.bytes.starts_with("<html>"))
            return out + header(response, "x-amz-error-code");
        return out + bed.content(response.body);
    }
    TestBed bed;
};

TEST_F(WebsiteTest, Table) {
    configure();
    bed.make_public("site", true);
    struct Case {
        const char* path;
        const char* answer;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"/", "200 home"},
             {"/index.html", "200 home"},
             {"/folder/", "200 folder"},
             {"/folder", "302 /folder/"},
             {"/page", "200 page"},
             {"/docs/a%20b", "200 blank"},
             {"/page/", "404 NoSuchKey"},
             {"/missing", "404 NoSuchKey"},
         }) {
        EXPECT_EQ(show(get(c.path)), c.answer) << c.path;
    }
    EXPECT_EQ(show(get("/", {}, "POST")), "405 MethodNotAllowed");
    EXPECT_EQ(show(get("/", {}, "GET", "nowhere")), "404 NoSuchBucket");
    const HttpResponse missing = get("/missing");
    EXPECT_NE(missing.body.bytes.find("<title>404 Not Found</title>"), std::string::npos);
    EXPECT_NE(missing.body.bytes.find("<li>Key: missing</li>"), std::string::npos);
    EXPECT_EQ(header(missing, "Content-Type"), "text/html; charset=utf-8");
}

TEST_F(WebsiteTest, PrivateObjectsAreForbidden) {
    EXPECT_EQ(show(get("/")), "404 NoSuchWebsiteConfiguration");
    configure();
    EXPECT_EQ(show(get("/")), "403 AccessDenied");
    bed.as(root_of("123456789012"));
    bed.make_public("site");
    EXPECT_EQ(show(get("/")), "200 home");
    EXPECT_EQ(show(get("/missing")), "403 AccessDenied");  // may not list
}

TEST_F(WebsiteTest, ErrorDocumentKeepsTheStatus) {
    configure([](auto& website) { website.error_document.emplace().key = "error.html"; });
    bed.make_public("site", true);
    EXPECT_EQ(show(get("/missing")), "404 sorry");
    configure([](auto& website) { website.error_document.emplace().key = "none.html"; });
    EXPECT_EQ(show(get("/missing")), "404 NoSuchKey");
}

TEST_F(WebsiteTest, Redirects) {
    configure([](auto& website) {
        auto& rules = website.routing_rules.emplace();
        auto& prefix = rules.emplace_back();
        prefix.condition.emplace().key_prefix_equals = "old/";
        prefix.redirect.emplace().replace_key_prefix_with = "new/";
        auto& host = rules.emplace_back();
        host.condition.emplace().key_prefix_equals = "away/";
        host.redirect.emplace().host_name = "example.com";
        host.redirect->protocol = "https";
        host.redirect->http_redirect_code = "302";
        host.redirect->replace_key_with = "landing";
        auto& missing = rules.emplace_back();
        missing.condition.emplace().http_error_code_returned_equals = "404";
        missing.redirect.emplace().replace_key_prefix_with = "index.html?";
    });
    bed.make_public("site", true);
    EXPECT_EQ(show(get("/old/x y")), "301 http://site.s3-website.localhost:4566/new/x%20y");
    EXPECT_EQ(show(get("/away/x")), "302 https://example.com/landing");
    EXPECT_EQ(show(get("/page")), "200 page");
    EXPECT_TRUE(
        show(get("/nope")).starts_with("301 http://site.s3-website.localhost:4566/index.html"));

    PutObject::Input moved;
    moved.bucket = "site";
    moved.key = "moved";
    moved.website_redirect_location = "/page";
    bed.as(root_of("123456789012"));
    ASSERT_EQ(bed.call<PutObject>(moved).code(), "ok");
    EXPECT_EQ(show(get("/moved")), "301 /page");

    configure([](auto& website) {
        website.index_document.reset();
        website.redirect_all_requests_to.emplace().host_name = "example.org";
        website.redirect_all_requests_to->protocol = "https";
    });
    EXPECT_EQ(show(get("/any/thing")), "301 https://example.org/any/thing");
}

TEST_F(WebsiteTest, ConditionalsAndRanges) {
    configure();
    bed.make_public("site");
    const HttpResponse first = get("/");
    const std::string etag = header(first, "ETag");
    const std::string modified = header(first, "Last-Modified");
    EXPECT_EQ(get("/", {{"If-None-Match", etag}}).status, 304);
    EXPECT_EQ(get("/", {{"If-Modified-Since", modified}}).status, 304);
    EXPECT_EQ(get("/", {{"If-Match", "\"x\""}}).status, 412);
    const HttpResponse part = get("/", {{"Range", "bytes=1-2"}});
    EXPECT_EQ(show(part), "206 om");
    EXPECT_EQ(header(part, "Content-Range"), "bytes 1-2/4");
    EXPECT_EQ(get("/", {{"Range", "bytes=9-"}}).status, 416);
}

TEST_F(WebsiteTest, ConfigurationsAreChecked) {
    const auto message = [&](const std::function<void(model::s3::WebsiteConfiguration&)>& change) {
        PutBucketWebsite::Input input;
        input.bucket = "site";
        change(input.website_configuration.emplace());
        const auto answer = bed.call<PutBucketWebsite>(input);
        return answer.error ? answer.error->message : "ok";
    };
    EXPECT_EQ(
        message([](auto&) {}),
        "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty");
    EXPECT_EQ(message([](auto& w) { w.index_document.emplace().suffix = "a/b"; }),
              "The IndexDocument Suffix is not well formed");
    EXPECT_EQ(message([](auto& w) {
                  w.index_document.emplace().suffix = "i";
                  w.redirect_all_requests_to.emplace().host_name = "h";
              }),
              "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
    EXPECT_EQ(message([](auto& w) {
                  w.index_document.emplace().suffix = "i";
                  auto& rule = w.routing_rules.emplace().emplace_back();
                  rule.redirect.emplace().replace_key_with = "a";
                  rule.redirect->replace_key_prefix_with = "b";
              }),
              "You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
}

}  // namespace
}  // namespace millrace::s3
