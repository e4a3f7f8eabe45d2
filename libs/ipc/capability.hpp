// SPDX-License-Identifier: MIT
//
// Capabilities as C++ values.
//
//   Ref<T>         borrowed: a typed index, copied freely, owns nothing
//   Capability<T>  owned: move-only; its destruction deletes the slot in the program's own table
//   AnyRef         an index whose type does not matter (to send, copy or delete it)
//
// T says what is at the other end: a kernel object (ipc::Memory, ipc::Endpoint, ...; then `->`
// reaches the operations of libs/ipc/kernel_objects.hpp) or a protocol, by the tag type that its
// header in interfaces/ defines (Ref<fs::File>). A function that wants a File cannot be given a
// Directory. (Which operations an object answers is not in the type: several protocols share one
// endpoint, and the server answers `unsupported` to what is not its own.) `retype` is the explicit
// way across, for the one place that knows better.
#pragma once

#include <cstdint>
#include <utility>

#include "abi/kernel/operation.hpp"
#include "libs/ipc/message_page.hpp"
#include "libs/ipc/syscall.hpp"

namespace ipc {

using abi::CapIndex;

// T of a capability of unknown type.
struct Any {};

// What the classes of kernel objects derive from: one index, so that Ref's `->` can make one on the
// fly.
struct Object {
    CapIndex index = abi::no_capability;
};

namespace detail {
template <class T>
struct Arrow {
    T object;
    constexpr const T* operator->() const { return &object; }
};

// Deletes slots of the own table: those before the first 0. It cannot fail in a way that anybody could mend.
inline void remove_slots(const Words& slots) {
    (void)sys::call(
        self().table,
        {abi::make_tag(static_cast<std::uint16_t>(abi::CapTableOp::remove)), slots, no_deadline});
}
}  // namespace detail

template <class T>
class Ref {
public:
    constexpr Ref() = default;
    constexpr explicit Ref(CapIndex index) : index_(index) {}

    [[nodiscard]] constexpr CapIndex index() const { return index_; }
    constexpr explicit operator bool() const { return index_ != abi::no_capability; }
    friend constexpr bool operator==(Ref, Ref) = default;

    template <class Other>
    [[nodiscard]] constexpr Ref<Other> retype() const {
        return Ref<Other>{index_};
    }
    constexpr auto operator->() const {
        T object;
        object.index = index_;
        return detail::Arrow<T>{object};
    }

private:
    CapIndex index_ = abi::no_capability;
};

template <class T>
class [[nodiscard]] Capability {
public:
    constexpr Capability() = default;
    constexpr explicit Capability(CapIndex index) : index_(index) {}
    constexpr Capability(Capability&& other) noexcept : index_(other.release()) {}
    Capability& operator=(Capability&& other) noexcept {
        if (this != &other) {
            reset();
            index_ = other.release();
        }
        return *this;
    }
    constexpr ~Capability() { reset(); }

    [[nodiscard]] constexpr CapIndex index() const { return index_; }
    constexpr explicit operator bool() const { return index_ != abi::no_capability; }
    [[nodiscard]] constexpr Ref<T> ref() const { return Ref<T>{index_}; }
    constexpr operator Ref<T>() const { return ref(); }  // NOLINT: lending is what owning is for
    constexpr auto operator->() const { return ref().operator->(); }

    // Gives up ownership without deleting the slot.
    [[nodiscard]] constexpr CapIndex release() { return std::exchange(index_, abi::no_capability); }
    constexpr void reset() {
        if (index_ != abi::no_capability) {
            detail::remove_slots({release()});
        }
    }
    template <class Other>
    [[nodiscard]] constexpr Capability<Other> retype() && {
        return Capability<Other>{release()};
    }

private:
    CapIndex index_ = abi::no_capability;
};

// Up to six at once, which costs little more than one.
template <class... T>
void reset_all(Capability<T>&... capabilities) {
    Words slots{};
    static_assert(sizeof...(T) <= slots.size());
    std::size_t count = 0;
    const auto add = [&](CapIndex slot) {
        slots[count] = slot;
        count += slot != abi::no_capability ? 1 : 0;
    };
    (add(capabilities.release()), ...);
    if (count != 0) {
        detail::remove_slots(slots);
    }
}

class AnyRef {
public:
    constexpr AnyRef() = default;
    template <class T>
    constexpr AnyRef(Ref<T> ref) : index_(ref.index()) {}  // NOLINT: every capability is one
    template <class T>
    constexpr AnyRef(const Capability<T>& capability) : index_(capability.index()) {}  // NOLINT
    constexpr explicit AnyRef(CapIndex index) : index_(index) {}
    [[nodiscard]] constexpr CapIndex index() const { return index_; }

private:
    CapIndex index_ = abi::no_capability;
};

}  // namespace ipc
