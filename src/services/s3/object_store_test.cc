// S3's buckets as other services see them.
#include "services/s3/object_store.h"

#include "services/s3/test_bed.h"

namespace millrace::s3 {
namespace {

TEST(ObjectStore, WritesListsAndReads) {
    TestBed bed;
    bed.make_bucket("bucket");
    S3ObjectStore objects(bed.service);
    const std::string large(200'000, 'x');
    const auto small = objects.prepare("small", "text/plain");
    const auto prepared = objects.prepare(large, "application/gzip");
    ASSERT_TRUE(small && prepared);
    EXPECT_FALSE(prepared->body.in_memory());
    bed.store->run([&](store::Txn& txn) {
        contracts::OpContext context(txn, bed.clock, bed.rng, bed.info);
        EXPECT_TRUE(objects.check_bucket(context, "bucket", ""));
        EXPECT_TRUE(objects.check_bucket(context, "bucket", "123456789012"));
        EXPECT_EQ(objects.check_bucket(context, "bucket", "000000000000").error().code,
                  "AccessDenied");
        EXPECT_EQ(objects.check_bucket(context, "nowhere", "").error().code, "NoSuchBucket");
        EXPECT_TRUE(objects.put(context, "bucket", "a/1", *small));
        EXPECT_TRUE(objects.put(context, "bucket", "a/2", *prepared));
        EXPECT_TRUE(objects.put(context, "bucket", "b", *small));
        return store::TxnDecision::kCommit;
    });
    bed.store->run([&](store::Txn& txn) {
        contracts::OpContext context(txn, bed.clock, bed.rng, bed.info);
        EXPECT_EQ(objects.next(context, "bucket", "a/", "")->key, "a/1");
        const auto second = objects.next(context, "bucket", "a/", "a/1");
        EXPECT_EQ(second->key, "a/2");
        EXPECT_EQ(second->etag, codec::md5_hex(large));
        EXPECT_EQ(objects.next(context, "bucket", "a/", "a/2")->key, "");
        EXPECT_EQ(objects.find(context, "bucket", "c").error().code, "NoSuchKey");
        EXPECT_EQ(*objects.read(second->body, 199'990, 100), std::string(10, 'x'));
        EXPECT_EQ(*objects.read(second->body, 200'000, 100), "");
        const auto first = objects.find(context, "bucket", "a/1");
        EXPECT_EQ(*objects.read(first->body, 1, 3), "mal");
        return store::TxnDecision::kRollback;
    });
}

}  // namespace
}  // namespace millrace::s3
