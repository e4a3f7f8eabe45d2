// SPDX-License-Identifier: MIT
//
// What a handler sees of the message that it handles (Request), and the right to answer later
// (PendingReply).
//
// A server's thread has one message page: the payload of the request, the payload of the reply and
// those of calls that the handler makes itself are all in it, one after the other. So a handler
// that needs the request's payload after it wrote a reply or called somebody must copy it first,
// and builds the reply's payload last.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"

namespace ipc {

// Reply objects of one server thread. They cost a system call and memory to buy, so that used ones
// are kept.
class ReplyPool {
public:
    explicit ReplyPool(Ref<Bank> bank) : bank_(bank) {}

    [[nodiscard]] KernelResult<Capability<Reply>> take() {
        if (count_ != 0) {
            return std::move(spare_[--count_]);
        }
        return bank_->create_reply();
    }
    void put(Capability<Reply> reply) {
        if (count_ < spare_.size()) {
            spare_[count_++] = std::move(reply);
        }
    }

private:
    Ref<Bank> bank_;
    std::array<Capability<Reply>, 16> spare_{};
    std::size_t count_ = 0;
};

struct ReplyOptions {
    std::span<const std::byte> payload = {};
    CapabilityList capabilities = {};
};

// A caller that waits. Answered at most once; if it is dropped unanswered, the caller gets
// Status::closed. Belongs to the thread whose server loop made it.
class [[nodiscard]] PendingReply {
public:
    PendingReply() = default;
    PendingReply(Capability<Reply> reply, ReplyPool& pool)
        : reply_(std::move(reply)), pool_(&pool) {}
    PendingReply(PendingReply&&) = default;
    PendingReply& operator=(PendingReply&& other) noexcept {
        if (this != &other) {
            (void)fail(Status::closed);
            reply_ = std::move(other.reply_);
            pool_ = other.pool_;
        }
        return *this;
    }
    ~PendingReply() { (void)fail(Status::closed); }

    explicit operator bool() const { return static_cast<bool>(reply_); }

    // Was it delivered? If not, the caller has given up or is dead, and whatever was to be handed
    // over is still here.
    template <class Op>
    bool answer(const typename Op::Reply& reply, const ReplyOptions& options = {}) {
        const bool fits = options.payload.size() <= OperationTraits<Op>::reply_payload &&
                          options.capabilities.size() <= OperationTraits<Op>::reply_capabilities;
        if (!fits) {
            return fail(Status::io_error);
        }
        return finish({detail::prepare(0, options.payload, options.capabilities, 0), pack(reply)});
    }
    // Hands a capability over: it leaves the server's table, if the answer is delivered.
    template <class Op, class T>
    bool answer(const typename Op::Reply& reply, Capability<T>& given) {
        static_assert(OperationTraits<Op>::reply_capabilities >= 1);
        const abi::Tag tag = detail::prepare(0, {}, {given.ref()}, abi::Tag::moves);
        const bool delivered = finish({tag, pack(reply)});
        if (delivered) {
            (void)given.release();
        }
        return delivered;
    }
    bool fail(Status status) {
        return finish({abi::make_tag(0, 0, 0, static_cast<std::uint16_t>(status)), {}});
    }
    // For a fault: the thread tries its instruction again.
    bool resume() { return finish({}); }
    // Gives the caller up without an answer: it is dead, or will be, or shall wait for ever.
    void abandon() { reply_.reset(); }

private:
    bool finish(const sys::Message& message) {
        if (!reply_) {
            return false;
        }
        const bool delivered = sys::reply(reply_.index(), message) == abi::Error::ok;
        pool_->put(std::move(reply_));
        return delivered;
    }

    Capability<Reply> reply_;
    ReplyPool* pool_ = nullptr;
};

class Request {
public:
    // What the server loop knows of a message. The reply object is the one that the message was
    // received with; deferring takes it out of the loop's hands, and puts another one there.
    struct Source {
        std::uint64_t badge = 0;
        abi::Tag tag;
        Words words{};
        std::span<std::byte, abi::message_bytes> page;
        Capability<Reply>* reply = nullptr;
        ReplyPool* pool = nullptr;
    };
    Request(const Source& source, ReceivedCapabilities received)
        : source_(source), received_(std::move(received)) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    [[nodiscard]] std::uint64_t badge() const { return source_.badge; }
    [[nodiscard]] std::uint16_t label() const { return source_.tag.label(); }
    [[nodiscard]] const Words& words() const { return source_.words; }
    // Asked for by the caller, and true: nobody had a copy of the capability that was called.
    [[nodiscard]] bool only_copy() const { return source_.tag.has(abi::Tag::only_copy); }
    [[nodiscard]] std::span<const std::byte> payload() const {
        return source_.page.first(std::min(source_.tag.payload(), abi::message_bytes));
    }
    [[nodiscard]] std::string_view text() const { return ipc::text(payload()); }

    // Capabilities that came along. What is not taken is deleted after the reply.
    [[nodiscard]] std::size_t capability_count() const { return received_.size(); }
    template <class T>
    [[nodiscard]] Capability<T> take(std::size_t i = 0) {
        return received_.take<T>(i);
    }

    // The reply's payload: written in place, or copied from elsewhere.
    [[nodiscard]] std::span<std::byte, abi::message_bytes> reply_payload() { return source_.page; }
    void set_reply_length(std::size_t length) { reply_length_ = length; }
    void set_reply_payload(std::span<const std::byte> from) {
        reply_length_ = from.size();
        if (from.size() <= source_.page.size() && !from.empty()) {
            std::memmove(source_.page.data(), from.data(), from.size());
        }
    }
    template <class T>
        requires std::is_trivially_copyable_v<T>
    void set_reply_object(const T& object) {
        set_reply_payload(std::as_bytes(std::span{&object, 1}));
    }

    // A copy goes to the caller: of a capability that the server keeps ...
    template <class T>
    void add_capability(Ref<T> capability) {
        add(capability.index());
    }
    // ... or of one that the server gives away.
    template <class T>
    void add_capability(Capability<T>&& capability) {
        const std::size_t at = add(capability.index());
        given_[at] = std::move(capability).template retype<Any>();
    }

    // Answers later. What the handler returns after this is ignored.
    [[nodiscard]] base::Result<PendingReply, Status> defer() {
        if (deferred_ || source_.reply == nullptr) {
            return base::fail(Status::invalid);
        }
        auto another = source_.pool->take();
        if (!another) {
            return base::fail(Status::no_memory);
        }
        PendingReply pending{std::move(*source_.reply), *source_.pool};
        *source_.reply = std::move(*another);
        deferred_ = true;
        return pending;
    }
    [[nodiscard]] bool deferred() const { return deferred_; }

    // For the server loop.
    [[nodiscard]] std::size_t reply_length() const { return reply_length_; }
    [[nodiscard]] std::size_t reply_capability_count() const { return send_count_; }
    [[nodiscard]] std::size_t given_count() const {
        if (send_count_ == 0) {
            return 0;
        }
        return static_cast<std::size_t>(
            std::ranges::count_if(given_, [](const auto& one) { return static_cast<bool>(one); }));
    }
    void store_reply_capabilities(abi::ControlPage& page) const {
        for (std::size_t i = 0; i < send_count_; ++i) {
            page.capabilities[i] = send_[i];
        }
    }
    // Nothing that came with the message may stay in the table while the server waits for the next:
    // somebody may be waiting for its drop message.
    void drop_received() { received_.clear(); }
    void drop_given() { given_ = {}; }
    // The kernel has moved them to the caller: the slots are not ours any more.
    void forget_given() {
        for (auto& one : given_) {
            (void)one.release();
        }
    }

private:
    // One too many is refused by the dispatcher, which compares the count with the declaration.
    std::size_t add(CapIndex index) {
        const std::size_t at = std::min<std::size_t>(send_count_, send_.size() - 1);
        send_[at] = index;
        ++send_count_;
        return at;
    }

    Source source_;
    ReceivedCapabilities received_;
    std::size_t reply_length_ = 0;
    std::size_t send_count_ = 0;
    std::array<CapIndex, abi::message_capabilities> send_{};
    std::array<Capability<Any>, abi::message_capabilities> given_{};
    bool deferred_ = false;
};

}  // namespace ipc
