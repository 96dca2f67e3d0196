// The coroutine type of net, gateway and sandbox: Asio's, with a concrete executor (type-erased
// ones cost more than the request they carry). Includes Asio: only those rooms and app include
// this. Thread-safety: a Task belongs to the io thread it was started on.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace millrace::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
// co_await socket.async_x(..., kAwaitTuple) gives (error_code, ...) and never throws.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAwaitTuple{};

}  // namespace millrace::net
