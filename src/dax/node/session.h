// Session: one client's connection: handshake, authorisation, then one request after the other. A
// GetItem that the item cache can answer never leaves the io thread, once its table is known.
// Thread-safety: confined to its io thread; while a job of it runs on the pool the session waits.
// Ownership: lives in the frame of its own coroutine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "contracts/operation.h"
#include "dax/node/node.h"
#include "dax/wire/cbor.h"
#include "dax/wire/methods.h"
#include "dax/wire/requests.h"
#include "net/session.h"

namespace millrace::dax {

// Before anybody is authorised only a handshake and an authorizeConnection may come.
inline constexpr size_t kFirstRequestBytesMax = 16 * 1024;
// Above DynamoDB's largest batch (16 MB).
inline constexpr size_t kRequestBytesMax = 32 << 20;

class Session final : private net::Session {
public:
    Session(dax::Node& node, net::IoThread& thread, net::Socket socket);
    ~Session() override;
    net::Task<void> run();

private:
    // Closes a connection that does not authorise itself in time, whatever trickles in.
    class Stranger final : public net::TimerWheel::Node {
    public:
        explicit Stranger(Session& session) : session_(session) {}
        void on_deadline() override { session_.close(); }

    private:
        Session& session_;
    };
    void stop(bool force) override;
    void on_deadline() override;

    // Waits until `items` items are complete at the front of in_. False: close.
    net::Task<bool> receive_items(size_t items, std::chrono::milliseconds patience);
    bool reserve_memory(uint64_t wanted);
    net::Task<bool> handshake();
    // The answer to the request at the front of in_ goes to out_. False: close after sending it.
    net::Task<bool> handle(const MethodInfo* method, std::string_view arguments);
    net::Task<void> get_item(const GetItemRequest* request);
    // A job calls `done` when it is done, on any thread. False: the pool is full.
    using Job = std::function<void(const std::function<void()>& done)>;
    net::Task<bool> on_pool(const Job* job);
    void authorize_connection(std::string_view arguments);
    // May the request be executed?
    Result<void> authenticated();
    Result<void> allowed(std::string_view action);
    // At least one of the actions on data.
    Result<void> allowed_any();
    TableInfoRef known_table(std::string_view name);
    void answer_error(const Error& error);
    void answer_endpoints();
    // Are the node and the client's address still what they were? False: close.
    bool may_stay();
    // Makes the cluster's role the one as whom the tables are used. May block on the store.
    Result<void> use_role();
    contracts::RequestFacts facts() const;
    // Whose rights on tables are asked for; null: nobody's.
    const contracts::RequestInfo* asked_caller();

    dax::Node& node_;
    std::string out_;
    std::string frame_;
    Layering layering_ = Layering::kRaw;
    std::string user_agent_;
    cbor::Scanner scanner_;
    bool idle_ = true;
    uint64_t memory_taken_ = 0;
    Stranger stranger_;

    std::string access_key_id_;
    TimePoint authorized_until_{};
    std::optional<Error> refused_;  // told with the next request
    std::shared_ptr<const contracts::Credential> credential_;
    // Decisions hold for one second and one state of the credential.
    std::map<std::string, bool, std::less<>> decided_;
    int64_t decided_second_ = 0;
    std::map<std::string, TableInfoRef, std::less<>> tables_;
    std::string cache_key_;
    contracts::RequestInfo info_;         // of the cluster's role
    contracts::RequestInfo caller_info_;  // of the client's user
    HttpRequest caller_http_;             // what conditions of policies look at
    uint16_t local_port_ = 0;
    int64_t admitted_second_ = -1;
};

}  // namespace millrace::dax
