#include "dax/node/session.h"

#include <algorithm>

#include "dax/node/authorize.h"
#include "dax/node/calls.h"
#include "dax/node/write_turn.h"
#include "dax/wire/errors.h"

namespace millrace::dax {
namespace {

constexpr size_t kReadBytes = 4 * 1024;
// Memory that a connection keeps between requests, outside the budget.
constexpr size_t kKeptBytesMax = 64 * 1024;
constexpr size_t kTablesMax = 64;
constexpr int kRequestIdDigits = 32;

bool defines(Method method) {
    return method == Method::kDefineKeySchema || method == Method::kDefineAttributeListId ||
           method == Method::kDefineAttributeList;
}

}  // namespace

Session::Session(dax::Node& node, net::IoThread& thread, net::Socket socket)
    : net::Session(thread, std::move(socket)), node_(node), stranger_(*this) {
    thread_.wheel().arm(stranger_, node_.options().authorization_timeout);
    info_.account_id = node_.options().account;
    info_.region = node_.options().region;
    boost::system::error_code ec;
    const auto local = socket_.local_endpoint(ec);
    if (!ec) local_port_ = local.port();
}

Session::~Session() {
    if (memory_taken_ > 0) thread_.shared().body_memory.give_back(memory_taken_);
}

void Session::stop(bool force) {
    if (force || idle_) close();
}

void Session::on_deadline() {
    if (!idle_) net::IoThread::Counters::add(thread_.counters.timeouts, 1);
    close();
}

bool Session::reserve_memory(uint64_t wanted) {
    if (wanted <= kKeptBytesMax || wanted <= memory_taken_) return true;
    if (!thread_.shared().body_memory.take(wanted - memory_taken_)) return false;
    memory_taken_ = wanted;
    return true;
}

net::Task<bool> Session::receive_items(size_t items, std::chrono::milliseconds patience) {
    for (;;) {
        const cbor::Scanner::Status status = scanner_.scan(in_.view(), items);
        if (status == cbor::Scanner::Status::kDone) co_return true;
        if (status == cbor::Scanner::Status::kMalformed) co_return false;
        const bool known = authorized_until_ != TimePoint{};
        const uint64_t most = known ? kRequestBytesMax : kFirstRequestBytesMax;
        if (in_.size() >= most || scanner_.wanted() > most) co_return false;
        idle_ = in_.size() == 0;
        if (idle_ && thread_.stopping()) co_return false;
        arm(idle_ ? patience : thread_.shared().options.body_timeout);
        // A request that says how long it is still has to send it: room grows with what came.
        const uint64_t missing =
            scanner_.wanted() - std::min<uint64_t>(scanner_.wanted(), in_.size());
        const size_t room = std::clamp<uint64_t>(missing, kReadBytes, in_.size() + kKeptBytesMax);
        if (!reserve_memory(in_.size() + room)) co_return false;
        in_.reserve(room);
        const bool received = co_await receive();
        if (!received) co_return false;
    }
}

net::Task<bool> Session::handshake() {
    const std::chrono::milliseconds patience = thread_.shared().options.head_timeout;
    const bool named = co_await receive_items(1, patience);
    if (!named || cbor::Reader(in_.view()).text() != kMagic) co_return false;
    const bool received = co_await receive_items(kHandshakeItems, patience);
    if (!received) co_return false;
    cbor::Reader reader(in_.view());
    (void)reader.text();
    const int64_t layering = reader.integer();
    if (layering != 0 && layering != 1) co_return false;
    layering_ = static_cast<Layering>(layering);
    (void)reader.item();  // session: of no use to us
    for (auto all = reader.map(); reader.more(all);) {
        const std::string_view name = reader.text();
        const std::string_view value = reader.text();
        if (name == "UserAgent") user_agent_ = value;
    }
    if (!reader.ok()) co_return false;
    in_.consume(scanner_.position());
    scanner_.reset();
    co_return true;
}

net::Task<void> Session::run() {
    const net::ServerOptions& options = thread_.shared().options;
    if (!may_stay()) co_return;
    const bool opened = co_await open();
    if (!opened) co_return;
    const bool greeted = co_await handshake();
    if (!greeted) co_return;
    for (;;) {
        const bool begun = co_await receive_items(2, options.idle_timeout);
        if (!begun) co_return;
        idle_ = false;
        cbor::Reader reader(in_.view());
        const int64_t service = reader.integer();
        const int64_t id = reader.integer();
        if (!reader.ok() || service != kServiceId) co_return;
        const MethodInfo* method = find_method(id);
        out_.clear();
        bool go_on = false;
        if (method == nullptr) {
            answer_error(errors::unknown_method());
        } else {
            const size_t begin = in_.size() - reader.rest().size();
            const bool received =
                co_await receive_items(2 + method->arguments, options.idle_timeout);
            if (!received) co_return;
            idle_ = false;
            disarm();
            if (!may_stay()) co_return;
            net::IoThread::Counters::add(thread_.counters.requests, 1);
            node_.metrics().count(*method);
            const std::string_view arguments =
                in_.view().substr(begin, scanner_.position() - begin);
            go_on = co_await handle(method, arguments);
            in_.consume(scanner_.position());
            scanner_.reset();
        }
        if (closed_) co_return;
        if (!out_.empty()) {
            std::string_view message = out_;
            if (layering_ == Layering::kFramed) {
                frame_.clear();
                append_frame(frame_, out_);
                message = frame_;
            }
            const std::string_view nothing;
            const bool sent = co_await write_all(message, nothing);
            if (!sent) co_return;
        }
        if (!go_on) co_return;
        if (out_.capacity() > kKeptBytesMax) std::string().swap(out_);
        if (frame_.capacity() > kKeptBytesMax) std::string().swap(frame_);
        in_.shrink(kKeptBytesMax);
        if (memory_taken_ > 0 && in_.size() == 0) {
            thread_.shared().body_memory.give_back(memory_taken_);
            memory_taken_ = 0;
        }
    }
}

bool Session::may_stay() {
    if (node_.retired()) return false;
    const int64_t second = epoch_seconds(node_.parts().clock.now());
    if (second == admitted_second_) return true;
    admitted_second_ = second;
    return node_.admits(peer_, local_port_);
}

Result<void> Session::use_role() {
    MR_TRY(info_.caller, node_.role());
    return {};
}

contracts::RequestFacts Session::facts() const {
    contracts::RequestFacts facts;
    facts.source_ip = peer_;
    facts.secure = secure();
    facts.user_agent = user_agent_;
    facts.region = node_.options().region;
    facts.now = node_.parts().clock.now();
    return facts;
}

const contracts::RequestInfo* Session::asked_caller() {
    if (!node_.options().check_callers_table_rights) return nullptr;
    const contracts::RequestFacts now = facts();
    caller_http_.source_ip = now.source_ip;
    caller_http_.secure = now.secure;
    caller_http_.headers = {{"User-Agent", now.user_agent}};
    caller_info_.account_id = info_.account_id;
    caller_info_.region = info_.region;
    caller_info_.caller = credential_->caller;
    caller_info_.http = &caller_http_;
    return &caller_info_;
}

void Session::answer_error(const Error& error) {
    out_.clear();
    node_.metrics().count(error);
    errors::encode(out_, error, node_.parts().rng.hex(kRequestIdDigits));
}

void Session::answer_endpoints() {
    boost::system::error_code ec;
    const auto local = socket_.local_endpoint(ec);
    if (ec) {
        answer_error(errors::internal());
        return;
    }
    boost::asio::ip::address address = local.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    std::string bytes;
    if (address.is_v4()) {
        const auto raw = address.to_v4().to_bytes();
        bytes.assign(raw.begin(), raw.end());
    } else {
        const auto raw = address.to_v6().to_bytes();
        bytes.assign(raw.begin(), raw.end());
    }
    encode_endpoints(out_, node_.endpoints(std::move(bytes), local.port()));
}

void Session::authorize_connection(std::string_view arguments) {
    cbor::Reader reader(arguments);
    const TimePoint now = node_.parts().clock.now();
    if (authorized_until_ != TimePoint{})
        thread_.wheel().arm(stranger_, node_.options().authorization_timeout);
    authorized_until_ = TimePoint{};
    credential_.reset();
    decided_.clear();
    const auto request = decode_authorize(reader);
    if (!request) {
        refused_ = request.error();
        return;
    }
    const auto credential = dax::authorize(*request, node_.parts().credentials, now);
    if (!credential) {
        refused_ = credential.error();
        return;
    }
    refused_.reset();
    access_key_id_ = request->access_key_id;
    authorized_until_ = now + kAuthorizedFor;
    thread_.wheel().disarm(stranger_);
    credential_ = *credential;
}

Result<void> Session::authenticated() {
    if (refused_) {
        Error error = std::move(*refused_);
        refused_.reset();
        return error;
    }
    const TimePoint now = node_.parts().clock.now();
    if (authorized_until_ <= now) return errors::missing_authentication();
    // The key may have been switched off, or its user's policies changed, since then.
    auto credential = node_.parts().credentials.find(access_key_id_);
    if (credential == nullptr) return errors::unknown_key();
    if (credential->expires <= now) return errors::expired_token();
    const int64_t second = epoch_seconds(now);
    if (credential != credential_ || second != decided_second_) {
        decided_.clear();
        decided_second_ = second;
        credential_ = std::move(credential);
    }
    return {};
}

Result<void> Session::allowed(std::string_view action) {
    if (decided_.find(action) != decided_.end()) return {};
    MR_CHECK_OK(node_.allow(*credential_->caller, action, facts()));
    decided_.emplace(action, true);
    return {};
}

Result<void> Session::allowed_any() {
    if (decided_.contains("")) return {};
    for (const MethodInfo& method : kMethods) {
        if (!method.name.empty() && allowed(method.name)) {
            decided_.emplace("", true);
            return {};
        }
    }
    // The one right that no method of its own asks for.
    return allowed("ConditionCheckItem");
}

TableInfoRef Session::known_table(std::string_view name) {
    const auto found = tables_.find(name);
    if (found != tables_.end() && node_.tables().current(*found->second)) return found->second;
    TableInfoRef table = node_.tables().known(name, info_);
    if (table == nullptr) return nullptr;
    if (tables_.size() >= kTablesMax) tables_.clear();
    tables_[std::string(name)] = table;
    return table;
}

net::Task<bool> Session::handle(const MethodInfo* method, std::string_view arguments) {
    if (method->method == Method::kAuthorizeConnection) {
        authorize_connection(arguments);
        co_return true;
    }
    Result<void> may = authenticated();
    if (may && !method->name.empty()) may = allowed(method->name);
    // Who may do nothing with data learns no key schema and makes no attribute list.
    if (may && defines(method->method)) may = allowed_any();
    if (!may) {
        answer_error(may.error());
        co_return true;
    }
    if (method->method == Method::kEndpoints) {
        answer_endpoints();
        co_return true;
    }
    if (method->method == Method::kGetItem) {
        cbor::Reader reader(arguments);
        const Result<GetItemRequest> request = decode_get_item(reader);
        if (!request) {
            answer_error(request.error());
            co_return true;
        }
        if (!request->options.consistent) {
            co_await get_item(&*request);
            co_return true;
        }
    }
    Calls calls(node_, info_, asked_caller());
    const Allow allow = [this](std::string_view action) { return allowed(action); };
    Job job = [&](const std::function<void()>& done) {
        if (const Result<void> known = use_role(); !known) {
            answer_error(known.error());
        } else if (is_write(method->method)) {
            WriteTurn turn(node_);
            Calls(turn.node(), info_, asked_caller())
                .answer(out_, method->method, arguments, allow, [] {});
        } else {
            return calls.answer(out_, method->method, arguments, allow, done);
        }
        done();
    };
    const bool taken = co_await on_pool(&job);
    if (!taken) answer_error(errors::busy());
    co_return true;
}

net::Task<bool> Session::on_pool(const Job* job) {
    net::Event done(thread_.inbox());
    const std::function<void()> set = [&done] { done.set(); };
    const bool taken = node_.submit([job, &set] { (*job)(set); });
    if (taken) co_await done.wait();
    co_return taken;
}

net::Task<void> Session::get_item(const GetItemRequest* request) {
    TableInfoRef table = known_table(request->table);
    if (table == nullptr) {
        Result<TableInfoRef> found = errors::busy();
        Job job = [&](const std::function<void()>& done) {
            const Result<void> known = use_role();
            found = known ? node_.tables().find(request->table, info_)
                          : Result<TableInfoRef>(known.error());
            done();
        };
        (void)co_await on_pool(&job);
        if (!found) {
            answer_error(found.error());
            co_return;
        }
        table = std::move(*found);
    }
    cache_key_ = table->identity;
    const Result<void> valid = normalise_key(*table->schema, request->key, cache_key_);
    if (!valid) {
        answer_error(valid.error());
        co_return;
    }
    Calls calls(node_, info_, asked_caller());
    if (node_.options().check_callers_table_rights) {
        Result<void> may = errors::busy();
        Job job = [&](const std::function<void()>& done) {
            may = use_role();
            if (may) may = calls.check_get_item(*request, *table);
            done();
        };
        (void)co_await on_pool(&job);
        if (!may) {
            answer_error(may.error());
            co_return;
        }
    }
    Capacity capacity;
    CachedBytes stored = node_.items().find(cache_key_);
    if (stored == nullptr) {
        net::Event done(thread_.inbox());
        Result<CachedBytes> result = CachedBytes();
        Cache::Read read;
        const Cache::Found found = node_.items().find_or_read(
            cache_key_, stored, read, [&](const Result<CachedBytes>& bytes) {
                result = bytes;
                done.set();
            });
        if (found == Cache::Found::kMiss) {
            const bool taken = node_.submit([&] {
                const Result<void> known = use_role();
                result = known ? calls.read_item_bytes(*request, *table, capacity)
                               : Result<CachedBytes>(known.error());
                node_.items().finish_read(std::move(read), result);
                done.set();
            });
            if (!taken) {
                result = errors::busy();
                node_.items().finish_read(std::move(read), result);
                done.set();
            }
        }
        if (found == Cache::Found::kHit) {
            result = stored;
        } else {
            co_await done.wait();
        }
        if (!result) {
            answer_error(result.error());
            co_return;
        }
        stored = std::move(*result);
    }
    Result<void> answered;
    if (calls.answers_at_once(*request, *stored)) {
        answered = calls.answer_item(out_, *request, *table, *stored, capacity);
    } else {
        answered = errors::busy();
        Job job = [&](const std::function<void()>& done) {
            answered = calls.answer_item(out_, *request, *table, *stored, capacity);
            done();
        };
        (void)co_await on_pool(&job);
    }
    if (!answered) answer_error(answered.error());
}

}  // namespace millrace::dax
