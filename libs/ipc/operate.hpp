// SPDX-License-Identifier: MIT
//
// One kernel operation: `call` on a capability that is not an endpoint. The wrappers in
// libs/ipc/kernel_objects/ are all made of this.
#pragma once

#include <cstdint>
#include <type_traits>

#include "abi/kernel/error.hpp"
#include "libs/base/result.hpp"
#include "libs/ipc/capability.hpp"

namespace ipc {

template <class T>
using KernelResult = base::Result<T, abi::Error>;

struct OperationOptions {
    std::uint64_t deadline = no_deadline;
    bool interruptible = false;
};

namespace detail {

template <class Label>
[[gnu::always_inline]] inline sys::Outcome operate_raw(CapIndex object, Label label,
                                                       const Words& words, std::size_t payload = 0,
                                                       OperationOptions options = {}) {
    const std::uint64_t flags = options.interruptible ? abi::Tag::interruptible : 0;
    return sys::call(object,
                     {abi::make_tag(static_cast<std::uint16_t>(label), payload, 0, 0, flags), words,
                      options.deadline});
}

// For operations that answer nothing but success.
template <class Label>
[[gnu::always_inline]] inline KernelResult<void> operate(CapIndex object, Label label,
                                                         const Words& words = {},
                                                         std::size_t payload = 0,
                                                         OperationOptions options = {}) {
    const sys::Outcome outcome = operate_raw(object, label, words, payload, options);
    if (outcome.error != abi::Error::ok) [[unlikely]] {
        return base::fail(outcome.error);
    }
    return {};
}

// For operations that answer with words.
template <class Label>
[[gnu::always_inline]] inline KernelResult<Words> ask(CapIndex object, Label label,
                                                      const Words& words = {},
                                                      OperationOptions options = {}) {
    const sys::Outcome outcome = operate_raw(object, label, words, 0, options);
    if (outcome.error != abi::Error::ok) [[unlikely]] {
        return base::fail(outcome.error);
    }
    return outcome.words;
}

// For operations that answer with a new capability in word 0.
template <class T, class Label>
[[gnu::always_inline]] inline KernelResult<Capability<T>> obtain(CapIndex object, Label label,
                                                                 const Words& words = {}) {
    const sys::Outcome outcome = operate_raw(object, label, words);
    if (outcome.error != abi::Error::ok) [[unlikely]] {
        return base::fail(outcome.error);
    }
    return Capability<T>{static_cast<CapIndex>(outcome.words[0])};
}

}  // namespace detail

// Enters the kernel and does nothing: what a kernel operation costs at least.
inline abi::Error null_call(AnyRef object) {
    return detail::operate_raw(object.index(), abi::null_operation, {}).error;
}

}  // namespace ipc
