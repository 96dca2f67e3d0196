// The limit for durable writes: bare RocksDB's own group commit (64 threads of synced Put), beside
// our store with as many threads that wait for their ticket, alternating in one run on one disk.
// Usage: store_limit [folder] [seconds] [threads] [rounds]. Prints puts per second and the ratio.
#include <fmt/core.h>
#include <rocksdb/db.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/time.h"
#include "store/rocks/rocks_store.h"

namespace {

using namespace millrace;
constexpr size_t kValueBytes = 400;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Rate {
    double per_second = 0;
    double cpu_us = 0;
};

Rate measure(int threads, double seconds, const std::function<void(uint64_t key)>& put) {
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> count{0};
    std::vector<std::thread> pool;
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    for (int t = 0; t < threads; ++t) {
        pool.emplace_back([&, t] {
            std::mt19937_64 random(static_cast<uint64_t>(t));
            while (!stop) {
                put(random());
                count += 1;
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (std::thread& thread : pool) thread.join();
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto n = static_cast<double>(count.load());
    return {n / elapsed, (cpu_seconds() - cpu) / n * 1e6};
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder = argc > 1 ? argv[1] : "/tmp/millrace-store-limit";
    const double seconds = argc > 2 ? std::stod(argv[2]) : 3;
    const int threads = argc > 3 ? std::stoi(argv[3]) : 64;
    const int rounds = argc > 4 ? std::stoi(argv[4]) : 3;
    std::filesystem::remove_all(folder);
    const std::string value(kValueBytes, 'v');

    rocksdb::DB* raw = nullptr;
    rocksdb::Options options;
    options.create_if_missing = true;
    std::filesystem::create_directories(folder);
    if (!rocksdb::DB::Open(options, (folder / "bare").string(), &raw).ok()) return 1;
    const std::unique_ptr<rocksdb::DB> bare(raw);
    const SystemClock clock;
    auto store = store::open_rocks_store((folder / "store").string(), clock);
    if (!store) return 1;

    for (int round = 1; round <= rounds; ++round) {
        const Rate limit = measure(threads, seconds, [&](uint64_t key) {
            rocksdb::WriteOptions sync;
            sync.sync = true;
            (void)bare->Put(sync, rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key),
                            value);
        });
        const Rate ours = measure(threads, seconds, [&](uint64_t key) {
            const auto result = (*store)->run([&](store::Txn& txn) {
                const store::KeyView row{
                    store::Space::kItems, {reinterpret_cast<const char*>(&key), sizeof key}, {}};
                (void)txn.get(row);
                txn.put(row, value);
                return store::TxnDecision::kCommit;
            });
            (*store)->wait_durable(result.ticket);
        });
        fmt::print(
            "round {} threads {}: bare RocksDB {:.0f} puts/s ({:.1f} us CPU), store {:.0f} "
            "read-modify-writes/s "
            "({:.1f} us CPU), ratio {:.2f}\n",
            round, threads, limit.per_second, limit.cpu_us, ours.per_second, ours.cpu_us,
            ours.per_second / limit.per_second);
    }
    store->reset();
    std::filesystem::remove_all(folder);
    return 0;
}
