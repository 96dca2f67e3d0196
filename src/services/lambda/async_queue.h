// AsyncQueue: events of asynchronous invocations, durable until they are done. The store has two
// rows per event; in memory there is an index by function of when each is due. One lane dispatches:
// it is woken by new events, by results and by the time the next one is due. A function's backlog
// never blocks another's.
//
// What happened to an event is written only when it is over or is to be tried again, so after a
// crash it runs again: at least once, as Lambda says.
// Thread-safety: safe from any thread. Source: Lambda Developer Guide, "Asynchronous invocation".
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "services/lambda/service.h"

namespace millrace::lambda {

struct AsyncEvent {
    std::string id;  // the request id
    std::string account;
    std::string region;
    std::string function;
    std::string qualifier;
    int64_t created_ms = 0;
    int64_t due_ms = 0;
    int attempts = 0;   // that the function failed
    int postponed = 0;  // in a row, for want of room
    // A row of its own: not rewritten.
    std::string client_context;
    std::string payload;

    FunctionName target() const { return {account, region, function, qualifier}; }
};

// The row of when and what, and that of the payload.
std::string encode_state(const AsyncEvent& event);
std::string encode_content(const AsyncEvent& event);
AsyncEvent decode_event(std::string_view id, std::string_view state, std::string_view content);

class AsyncQueue {
public:
    static constexpr std::string_view kWakeKey = "lambda/async";
    static constexpr size_t kEventsMax = 1'000'000;
    // Lambda's own limit, of what a destination function is told as well.
    static constexpr size_t kPayloadBytesMax = 1'048'576;
    static constexpr size_t kRunningMax = 64;
    // Of one function, so that others find room.
    static constexpr size_t kRunningOfFunctionMax = 32;

    explicit AsyncQueue(LambdaService& service) : service_(service) {}

    // Adds it in the transaction. The caller signals kWakeKey when it is durable. False: there are
    // kEventsMax already.
    bool enqueue(store::Txn& txn, const AsyncEvent& event);
    // Loads what is stored and begins to dispatch.
    void start();
    // Until the lane is to stop.
    void dispatch(const std::atomic<bool>& stop);
    // One round: what is over is settled, what is due begins. When the next is due.
    TimePoint step();
    size_t size();

private:
    struct Finished {
        AsyncEvent event;
        Function function;
        contracts::InvocationResult result;
    };
    // An event that is over: who has yet to hear of it, before it is forgotten.
    struct Ending {
        struct Message {
            std::string queue_arn;
            std::string body;
            std::vector<contracts::QueueMessage::Attribute> attributes;
        };
        AsyncEvent event;
        Function function;
        std::vector<Message> messages;
        std::optional<AsyncEvent> follow_up;
        int tries = 0;
        TimePoint due{};
    };
    struct OfFunction {
        std::set<std::pair<int64_t, std::string>> waiting;  // due, id
        size_t running = 0;
    };
    void load();
    // Once the lane is to stop and the runner stops: what ran to its end is still written.
    void drain();
    // The next event that is due, marked as running.
    std::optional<std::string> take(TimePoint now);
    void release(const AsyncEvent& event);
    std::optional<AsyncEvent> read(const std::string& id);
    void begin(AsyncEvent event);
    void settle(const Finished& finished);
    void postpone(AsyncEvent event, TimePoint due);
    // Ends the event with what destinations are told. `result`: null when the function was not run.
    void finish(const AsyncEvent& event, const Function& function, const EventInvokeConfig& config,
                std::string_view condition, const contracts::InvocationResult* result);
    // Tells them and forgets the event. What the store does not take now is tried again; what a
    // destination refuses is logged and dropped.
    void end(Ending ending);
    bool send(Ending& ending);
    void add(store::Txn& txn, const AsyncEvent& event);
    EventInvokeConfig config_of(const AsyncEvent& event, const Function& function);

    LambdaService& service_;
    Mutex mutex_;
    std::map<std::string, OfFunction> functions_ MR_GUARDED_BY(mutex_);  // by ARN
    std::map<std::string, std::string> taken_ MR_GUARDED_BY(mutex_);     // id to function ARN
    std::string last_served_ MR_GUARDED_BY(mutex_);
    size_t size_ MR_GUARDED_BY(mutex_) = 0;
    std::deque<Finished> finished_ MR_GUARDED_BY(mutex_);
    std::vector<Ending> endings_;  // to be tried again; of the lane
};

}  // namespace millrace::lambda
