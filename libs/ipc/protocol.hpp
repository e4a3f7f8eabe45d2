// SPDX-License-Identifier: MIT
//
// Typed protocols. An operation is a struct whose bytes are the message's six words:
//
//   struct Seek {
//       static constexpr std::uint16_t label = 34;              // selects the operation; unique in
//       the protocol static constexpr std::size_t payload = 4096;            // most bytes in the
//       message page (default 0) static constexpr std::size_t reply_payload = 4096;      // the
//       same of the reply (default 0) static constexpr std::size_t capabilities = 1;          //
//       sent along: exactly so many (default 0) ... static constexpr std::size_t max_capabilities =
//       1;      // ... or from `capabilities` up to this many static constexpr std::size_t
//       reply_capabilities = 1;    // come back: at most so many (default 0) std::int64_t offset =
//       0; struct Reply { std::uint64_t offset = 0; };
//   };
//
// Operation and Reply are trivially copyable, at most 48 bytes, and without padding: padding would
// carry bytes of the sender's stack into another protection domain. Fields are integers or enums
// (any bit pattern must be a value, because a hostile partner chooses it), so no `bool`.
//
//   auto answer = TRY(ipc::call(file, fs::Seek{.offset = 0, .whence = fs::Seek::from_end}));
//   use(answer.reply.offset);
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "libs/base/result.hpp"
#include "libs/ipc/capability.hpp"
#include "libs/ipc/failure.hpp"

namespace ipc {

inline constexpr std::size_t word_bytes = sizeof(Words);

template <class T>
constexpr bool fits_words =
    std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && sizeof(T) <= word_bytes &&
    (std::is_empty_v<T> || std::has_unique_object_representations_v<T>);

// What a declaration leaves out, it has at its default.
template <class Op>
struct OperationTraits {
    static constexpr std::uint16_t label = Op::label;
    static constexpr std::size_t payload = [] {
        if constexpr (requires { Op::payload; }) {
            return std::size_t{Op::payload};
        }
        return std::size_t{0};
    }();
    static constexpr std::size_t reply_payload = [] {
        if constexpr (requires { Op::reply_payload; }) {
            return std::size_t{Op::reply_payload};
        }
        return std::size_t{0};
    }();
    static constexpr std::size_t min_capabilities = [] {
        if constexpr (requires { Op::capabilities; }) {
            return std::size_t{Op::capabilities};
        }
        return std::size_t{0};
    }();
    static constexpr std::size_t max_capabilities = [] {
        if constexpr (requires { Op::max_capabilities; }) {
            return std::size_t{Op::max_capabilities};
        }
        return min_capabilities;
    }();
    static constexpr std::size_t reply_capabilities = [] {
        if constexpr (requires { Op::reply_capabilities; }) {
            return std::size_t{Op::reply_capabilities};
        }
        return std::size_t{0};
    }();

    static_assert(fits_words<Op>,
                  "an operation must fit six words, without padding (add a reserved field)");
    static_assert(fits_words<typename Op::Reply>, "a reply must fit six words, without padding");
    static_assert(payload <= abi::message_bytes && reply_payload <= abi::message_bytes,
                  "a payload is at most one message page");
    static_assert(min_capabilities <= max_capabilities &&
                      max_capabilities <= abi::message_capabilities &&
                      reply_capabilities <= abi::message_capabilities,
                  "a message carries at most four capabilities");
};

template <class T>
constexpr Words pack(const T& value) {
    static_assert(fits_words<T>);
    Words words{};
    if constexpr (!std::is_empty_v<T>) {
        std::memcpy(words.data(), &value, sizeof value);
    }
    return words;
}

template <class T>
T unpack(const Words& words) {
    static_assert(fits_words<T>);
    T value;
    if constexpr (!std::is_empty_v<T>) {
        std::memcpy(&value, words.data(), sizeof value);
    }
    return value;
}

// Text as bytes, and back. Paths and names travel without a terminating zero.
inline std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}
inline std::string_view text(std::span<const std::byte> payload) {
    return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}
// A structure in a payload, copied out: payloads need not be aligned, and may be too short.
template <class T>
    requires std::is_trivially_copyable_v<T>
bool read_payload(std::span<const std::byte> payload, T& value, std::size_t offset = 0) {
    if (payload.size() < sizeof(T) || offset > payload.size() - sizeof(T)) {
        return false;
    }
    std::memcpy(&value, payload.data() + offset, sizeof value);
    return true;
}

// Capabilities to send: copies go to the receiver, with the sender's rights and badge; the sender
// keeps its own.
class CapabilityList {
public:
    constexpr CapabilityList() = default;
    constexpr CapabilityList(std::initializer_list<AnyRef> list) {
        for (const AnyRef& one : list) {
            if (count_ < indices_.size()) {
                indices_[count_++] = one.index();
            }
        }
    }
    [[nodiscard]] constexpr std::size_t size() const { return count_; }
    [[nodiscard]] constexpr CapIndex operator[](std::size_t i) const { return indices_[i]; }

private:
    std::array<CapIndex, abi::message_capabilities> indices_{};
    std::size_t count_ = 0;
};

// Capabilities that a message brought. What is not taken is deleted from the own table.
class ReceivedCapabilities {
public:
    ReceivedCapabilities() = default;
    ReceivedCapabilities(ReceivedCapabilities&& other) noexcept
        : slots_(other.slots_), count_(std::exchange(other.count_, 0)) {}
    ReceivedCapabilities& operator=(ReceivedCapabilities&& other) noexcept {
        if (this != &other) {
            clear();
            slots_ = other.slots_;
            count_ = std::exchange(other.count_, 0);
        }
        return *this;
    }
    ~ReceivedCapabilities() { clear(); }
    // Mostly none came: then this is one comparison.
    void clear() {
        if (count_ != 0) [[unlikely]] {
            remove_all();
        }
    }
    // Right after the system call, before anything else uses the control page.
    static ReceivedCapabilities from_control_page(std::size_t count) {
        ReceivedCapabilities received;
        received.count_ = static_cast<std::uint32_t>(std::min(count, abi::message_capabilities));
        for (std::size_t i = 0; i < received.count_; ++i) {
            received.slots_[i] = control_page().capabilities[i];
        }
        return received;
    }
    // How many came; a single one may still be none (the sender named an empty slot).
    [[nodiscard]] std::size_t size() const { return count_; }
    template <class T>
    [[nodiscard]] Capability<T> take(std::size_t i = 0) {
        return Capability<T>{i < count_ ? std::exchange(slots_[i], abi::no_capability)
                                        : abi::no_capability};
    }

private:
    [[gnu::noinline]] void remove_all() {
        for (std::size_t i = 0; i < count_; ++i) {
            (void)Capability<Any>{slots_[i]};
        }
        count_ = 0;
    }

    std::array<CapIndex, abi::message_capabilities> slots_{};  // the first `count_`
    std::uint32_t count_ = 0;
};

struct Options {
    std::span<const std::byte> payload = {};
    CapabilityList capabilities = {};
    std::uint64_t deadline = no_deadline;
    bool interruptible = false;
    bool only_copy = false;  // the receiver is told if nobody has a copy of what is called
};

template <class Op>
struct Answer {
    typename Op::Reply reply;
    std::span<const std::byte> payload;  // in the message page: valid until the next message
    ReceivedCapabilities capabilities;

    template <class T>
    [[nodiscard]] Capability<T> take(std::size_t i = 0) {
        return capabilities.take<T>(i);
    }
};

template <class Op>
using CallResult = base::Result<Answer<Op>, Failure>;

namespace detail {

// The control page's part of a message, and its tag.
inline abi::Tag prepare(std::uint16_t label, std::span<const std::byte> payload,
                        const CapabilityList& capabilities, std::uint64_t flags) {
    put_payload(payload);
    if (capabilities.size() != 0) {
        auto& page = control_page();
        for (std::size_t i = 0; i < capabilities.size(); ++i) {
            page.capabilities[i] = capabilities[i];
        }
    }
    return abi::make_tag(label, payload.size(), capabilities.size(), 0, flags);
}

}  // namespace detail

// Asks a server and waits for its answer. An answer that does not fit the declaration is
// Status::malformed.
template <class Op, class T>
CallResult<Op> call(Ref<T> to, const Op& operation, const Options& options = {}) {
    using Traits = OperationTraits<Op>;
    if (options.payload.size() > Traits::payload ||
        options.capabilities.size() > Traits::max_capabilities ||
        options.capabilities.size() < Traits::min_capabilities) [[unlikely]] {
        return base::fail(Failure{abi::Error::too_long});
    }
    const std::uint64_t flags = (options.interruptible ? abi::Tag::interruptible : 0) |
                                (options.only_copy ? abi::Tag::only_copy : 0);
    const abi::Tag tag = detail::prepare(Op::label, options.payload, options.capabilities, flags);
    const sys::Outcome outcome = sys::call(to.index(), {tag, pack(operation), options.deadline});
    if (outcome.error != abi::Error::ok) [[unlikely]] {
        return base::fail(Failure{outcome.error});
    }
    ReceivedCapabilities received;
    if (outcome.tag.capabilities() != 0) {
        received = ReceivedCapabilities::from_control_page(outcome.tag.capabilities());
    }
    if (outcome.tag.status() != 0) [[unlikely]] {
        const auto known = outcome.tag.status() < static_cast<std::uint16_t>(Status::count_end);
        return base::fail(
            Failure{known ? static_cast<Status>(outcome.tag.status()) : Status::malformed});
    }
    if (outcome.tag.payload() > Traits::reply_payload ||
        outcome.tag.capabilities() > Traits::reply_capabilities) [[unlikely]] {
        return base::fail(Failure{Status::malformed});
    }
    std::span<const std::byte> payload;
    if constexpr (Traits::reply_payload != 0) {
        payload = message_page().first(outcome.tag.payload());
    }
    return Answer<Op>{unpack<typename Op::Reply>(outcome.words), payload, std::move(received)};
}

template <class Op, class T>
CallResult<Op> call(const Capability<T>& to, const Op& operation, const Options& options = {}) {
    return call(to.ref(), operation, options);
}

// One way: returns when a receiver has taken the message; what it answers goes nowhere.
template <class Op, class T>
base::Result<void, Failure> send(Ref<T> to, const Op& operation, const Options& options = {}) {
    using Traits = OperationTraits<Op>;
    static_assert(std::is_empty_v<typename Op::Reply> && Traits::reply_payload == 0 &&
                      Traits::reply_capabilities == 0,
                  "an operation with an answer must be called");
    if (options.payload.size() > Traits::payload ||
        options.capabilities.size() > Traits::max_capabilities ||
        options.capabilities.size() < Traits::min_capabilities) [[unlikely]] {
        return base::fail(Failure{abi::Error::too_long});
    }
    const std::uint64_t flags = options.interruptible ? abi::Tag::interruptible : 0;
    const abi::Tag tag = detail::prepare(Op::label, options.payload, options.capabilities, flags);
    const abi::Error error = sys::send(to.index(), {tag, pack(operation), options.deadline});
    if (error != abi::Error::ok) {
        return base::fail(Failure{error});
    }
    return {};
}

}  // namespace ipc
