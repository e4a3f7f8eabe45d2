// SPDX-License-Identifier: MIT
//
// The server loop: one thread, one endpoint.
//
//   struct Service {
//       ipc::Result<fs::Seek::Reply> handle(const fs::Seek& seek, ipc::Request& request);
//       ...  // one per operation of the protocol
//
//       // All the rest is optional. A drop message came; the notification bound to this thread:
//       void on_drop(std::uint64_t badge);
//       void on_signal(std::uint64_t bits);
//
//       // A thread whose fault handler this is; a Memory whose pager this is:
//       ipc::FaultAction on_fault(const ipc::Fault&, ipc::Request&);
//       void on_pager(std::uint64_t badge, std::uint64_t offset, std::uint64_t length);
//
//       // When to be woken at the latest (ipc::no_deadline: never):
//       std::uint64_t deadline();
//       void on_deadline();
//
//       // Several protocols, told apart by badge: calls ipc::dispatch<P>(service, request) itself:
//       ipc::sys::Message route(ipc::Request&);
//   };
//   using Protocol = ipc::Operations<fs::Read, fs::Write, fs::Seek>;
//   abi::Error why = ipc::serve<Protocol>(endpoint, service);
//
// A handler returns the reply or a Status; or it calls request.defer() and the PendingReply is
// answered when the time has come. A message that does not fit its declaration is refused before
// the handler sees it.
//
// A reply that cannot be delivered is dropped here. A handler that must know (it hands out
// something that must not be lost) defers and answers at once: PendingReply::answer tells.
#pragma once

#include "libs/ipc/dispatch.hpp"

#include "abi/kernel/fault.hpp"

namespace ipc {

// What handlers return.
template <class T>
using Result = base::Result<T, Status>;

struct Fault {
    std::uint64_t badge;
    abi::FaultLabel kind;
    Words words;  // abi/kernel/fault.hpp
};

// `leave` keeps the thread where it is: for a supervisor that ends it, or resumes it later by a
// deferred reply.
enum class FaultAction { resume, leave };

template <class Protocol, class Service>
class Server {
public:
    Server(Ref<Endpoint> endpoint, Service& service, Ref<Bank> bank)
        : endpoint_(endpoint), service_(service), pool_(bank) {}

    // Returns only when the endpoint cannot be received on (any more).
    [[nodiscard]] abi::Error run() {
        auto reply = pool_.take();
        if (!reply) {
            return reply.error();
        }
        reply_ = std::move(*reply);
        sys::Outcome got = receive();
        for (;;) {
            if (got.error == abi::Error::ok) [[likely]] {
                got = handle(got);
            } else if (got.error == abi::Error::timed_out || got.error == abi::Error::would_block) {
                if constexpr (requires { service_.on_deadline(); }) {
                    service_.on_deadline();
                }
                got = receive();
            } else if (got.error == abi::Error::interrupted) {
                got = receive();
            } else {
                return got.error;
            }
        }
    }

private:
    [[nodiscard]] std::uint64_t deadline() {
        if constexpr (requires { service_.deadline(); }) {
            return service_.deadline();
        } else {
            return no_deadline;
        }
    }
    [[nodiscard]] sys::Outcome receive() {
        return sys::receive(endpoint_.index(), reply_.index(), deadline());
    }

    // Handles one message; gives the next one.
    [[nodiscard]] sys::Outcome handle(const sys::Outcome& got) {
        if (got.tag.has(abi::Tag::out_flags)) [[unlikely]] {
            return handle_event(got);
        }
        ReceivedCapabilities received;
        if (got.tag.capabilities() != 0) {
            received = ReceivedCapabilities::from_control_page(got.tag.capabilities());
        }
        Request request{source(got), std::move(received)};
        sys::Message reply = route(request);
        if (request.deferred()) {
            request.drop_received();
            request.drop_given();
            return receive();
        }
        return answer(request, reply);
    }

    [[nodiscard]] sys::Message route(Request& request) {
        if constexpr (requires { service_.route(request); }) {
            return service_.route(request);
        } else {
            return dispatch<Protocol>(service_, request);
        }
    }

    [[nodiscard]] sys::Outcome answer(Request& request, sys::Message& message) {
        request.drop_received();
        const std::size_t given = request.given_count();
        if (message.tag.capabilities() != 0) [[unlikely]] {
            request.store_reply_capabilities(control_page());
            if (given == message.tag.capabilities()) {
                message.tag.raw |= abi::Tag::moves;
            } else if (given != 0) {
                (void)sys::reply(reply_.index(), message);
                request.drop_given();
                return receive();
            }
        } else if (given != 0) {
            request.drop_given();
        }
        message.deadline = deadline();
        const sys::Outcome next =
            sys::reply_and_receive(endpoint_.index(), reply_.index(), message);
        switch (next.error) {
            case abi::Error::ok:
            case abi::Error::timed_out:
            case abi::Error::would_block:
            case abi::Error::interrupted: request.forget_given(); return next;
            case abi::Error::no_caller:   request.drop_given(); return receive();
            default:  // a capability to be sent is gone: the caller must hear something
                (void)sys::reply(reply_.index(), detail::refusal(Status::io_error));
                request.drop_given();
                return receive();
        }
    }

    [[nodiscard]] sys::Outcome handle_event(const sys::Outcome& got) {
        if (got.tag.has(abi::Tag::is_signal)) {
            if constexpr (requires { service_.on_signal(got.words[0]); }) {
                service_.on_signal(got.words[0]);
            }
        } else if (got.tag.has(abi::Tag::is_drop)) {
            if constexpr (requires { service_.on_drop(got.badge); }) {
                service_.on_drop(got.badge);
            }
        } else {
            handle_fault(got);
        }
        return receive();
    }

    void handle_fault(const sys::Outcome& got) {
        const Fault fault{got.badge, static_cast<abi::FaultLabel>(got.tag.label()), got.words};
        if (fault.kind == abi::FaultLabel::pager) {
            if constexpr (requires { service_.on_pager(got.badge, got.words[0], got.words[1]); }) {
                service_.on_pager(got.badge, got.words[0], got.words[1]);
            }
            return;
        }
        Request request{source(got), {}};
        auto action = FaultAction::leave;
        if constexpr (requires { service_.on_fault(fault, request); }) {
            action = service_.on_fault(fault, request);
        }
        if (request.deferred()) {
            return;
        }
        if (action == FaultAction::resume) {
            (void)sys::reply(reply_.index(), {});
        } else if (auto another = pool_.take()) {
            reply_ = std::move(*another);  // deletes the one that the thread waits on
        }
    }

    [[nodiscard]] Request::Source source(const sys::Outcome& got) {
        return {got.badge, got.tag, got.words, message_page(), &reply_, &pool_};
    }

    Ref<Endpoint> endpoint_;
    Service& service_;
    ReplyPool pool_;
    Capability<Reply> reply_;
};

template <class Protocol, class Service>
[[nodiscard]] abi::Error serve(Ref<Endpoint> endpoint, Service& service,
                               Ref<Bank> bank = own_bank()) {
    Server<Protocol, Service> server{endpoint, service, bank};
    return server.run();
}

}  // namespace ipc
