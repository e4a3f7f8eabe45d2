// SPDX-License-Identifier: MIT
//
// From a received message to the handler of its operation: a table made by the compiler, and the
// checks that make a handler's arguments fit their declaration. Nothing here makes a system call,
// so that the unit tests run it on the host.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "libs/ipc/request.hpp"

namespace ipc {

// The operations that an endpoint serves.
template <class... Ops>
struct Operations {
    static constexpr std::uint16_t first = std::min({Ops::label...});
    static constexpr std::uint16_t last = std::max({Ops::label...});
    static_assert(last - first < 1024, "labels of one endpoint's protocols lie close together");
};

// A server that only hears of drops, signals and faults.
template <>
struct Operations<> {
    static constexpr std::uint16_t first = 0;
    static constexpr std::uint16_t last = 0;
};

namespace detail {

template <class... Lists>
struct JoinLists;
template <class... Ops>
struct JoinLists<Operations<Ops...>> {
    using Type = Operations<Ops...>;
};
template <class... A, class... B, class... Rest>
struct JoinLists<Operations<A...>, Operations<B...>, Rest...> {
    using Type = typename JoinLists<Operations<A..., B...>, Rest...>::Type;
};

inline sys::Message refusal(Status status) {
    return {abi::make_tag(0, 0, 0, static_cast<std::uint16_t>(status)), {}};
}

// Checks the message against the declaration of its operation, calls the handler, checks what it
// answers.
template <class Service, class Op>
sys::Message run_operation(Service& service, Request& request) {
    using Traits = OperationTraits<Op>;
    if (request.payload().size() > Traits::payload ||
        request.capability_count() < Traits::min_capabilities ||
        request.capability_count() > Traits::max_capabilities) [[unlikely]] {
        return refusal(Status::malformed);
    }
    const Op operation = unpack<Op>(request.words());
    const base::Result<typename Op::Reply, Status> result = service.handle(operation, request);
    if (!result) {
        return refusal(result.error());
    }
    if (request.reply_length() > Traits::reply_payload ||
        request.reply_capability_count() > Traits::reply_capabilities) [[unlikely]] {
        return refusal(Status::io_error);
    }
    return {abi::make_tag(0, request.reply_length(), request.reply_capability_count()),
            pack(*result)};
}

template <class Service>
using Handler = sys::Message (*)(Service&, Request&);

template <class Service, class... Ops>
consteval auto make_table(Operations<Ops...> list) {
    std::array<Handler<Service>, list.last - list.first + 1> table{};
    auto enter = [&table, first = list.first](std::uint16_t label, Handler<Service> handler) {
        if (table[label - first] != nullptr) {
            __builtin_unreachable();  // two operations have the same label: not a constant, so it
                                      // stops the compiler
        }
        table[label - first] = handler;
    };
    (enter(Ops::label, &run_operation<Service, Ops>), ...);
    return table;
}

}  // namespace detail

// Several protocols on one endpoint.
template <class... Lists>
using Join = typename detail::JoinLists<Lists...>::Type;

template <class Protocol, class Service>
sys::Message dispatch(Service& service, Request& request) {
    static constexpr auto table = detail::make_table<Service>(Protocol{});
    const std::size_t place = std::size_t{request.label()} - Protocol::first;
    if (place >= table.size() || table[place] == nullptr) [[unlikely]] {
        return detail::refusal(Status::unsupported);
    }
    return table[place](service, request);
}

}  // namespace ipc
