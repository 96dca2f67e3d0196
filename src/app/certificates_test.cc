// The certificates of a folder. Goal: made once, renewed before they end, made anew for other names
// or after damage, keys kept secret. Method: a temporary folder, moments given by hand.
#include "app/certificates.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/files.h"

namespace millrace::app {
namespace {

const TimePoint kNow = from_epoch_ms(1'767'225'600'000);
const std::vector<std::string> kNames{"localhost", "127.0.0.1", "::1"};

class CertificatesTest : public ::testing::Test {
protected:
    CertificatesTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "certs-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~CertificatesTest() override { std::filesystem::remove_all(folder_); }
    // Authority and server certificate, as text.
    std::pair<std::string, std::string> keep(const std::vector<std::string>& names, TimePoint now) {
        const auto kept = keep_certificates(folder_, names, now);
        if (!kept) {
            ADD_FAILURE() << kept.error().message;
            return {};
        }
        EXPECT_TRUE(net::TlsContext::open(kept->server));
        return {*read_file(kept->authority), *read_file(kept->server.certificate)};
    }
    std::string folder_;
};

TEST_F(CertificatesTest, AreMadeOnceAndTheirKeysAreSecret) {
    const auto first = keep(kNames, kNow);
    EXPECT_EQ(keep(kNames, kNow + std::chrono::days(30)), first);
    EXPECT_EQ(keep({"127.0.0.1"}, kNow), first);
    for (const char* name : {"/ca-key.pem", "/server-key.pem"}) {
        struct stat facts{};
        ASSERT_EQ(::stat((folder_ + name).c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    }
}

TEST_F(CertificatesTest, AreRenewedBeforeTheyEnd) {
    const auto first = keep(kNames, kNow);
    const auto second = keep(kNames, kNow + kCertificateLife - kCertificateRenewal);
    EXPECT_EQ(second.first, first.first);
    EXPECT_NE(second.second, first.second);
    // The authority must outlive what it signs.
    EXPECT_NE(keep(kNames, kNow + kAuthorityLife - kCertificateLife).first, first.first);
}

TEST_F(CertificatesTest, AreMadeAnewForOtherNamesAndAfterDamage) {
    const auto first = keep(kNames, kNow);
    const auto second = keep({"localhost", "192.0.2.7"}, kNow);
    EXPECT_EQ(second.first, first.first);
    EXPECT_NE(second.second, first.second);
    ASSERT_TRUE(write_file(folder_ + "/server-key.pem", "damaged", 0600));
    EXPECT_NE(keep(kNames, kNow).second, second.second);
    ASSERT_TRUE(write_file(folder_ + "/ca.pem", "", 0644));
    EXPECT_NE(keep(kNames, kNow).first, first.first);
}

TEST_F(CertificatesTest, AFolderThatCannotBeMadeIsAnError) {
    EXPECT_FALSE(keep_certificates("/proc/no/such", kNames, kNow));
}

}  // namespace
}  // namespace millrace::app
