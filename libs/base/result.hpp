// SPDX-License-Identifier: MIT
// Result<T, E>: a value or an error, which the compiler does not let anybody ignore.
//
// It is a thin, [[nodiscard]] class over std::expected. TRY(x) is the one macro for control flow:
// it evaluates to the value, or returns the error from the enclosing function (which must return a
// Result with the same error type).
#pragma once

#include <expected>
#include <utility>

namespace base {

template <class T, class E>
class [[nodiscard]] Result : public std::expected<T, E> {
public:
    using std::expected<T, E>::expected;
    using Error = E;
};

template <class E>
constexpr std::unexpected<E> fail(E error) {
    return std::unexpected<E>(error);
}

}  // namespace base

// A GNU statement expression: clang and gcc have it, and nothing in the standard can return from
// the caller.
#define TRY(...)                                            \
    __extension__({                                         \
        auto&& try_result_ = (__VA_ARGS__);                 \
        if (!try_result_) [[unlikely]] {                    \
            return std::unexpected(try_result_.error());    \
        }                                                   \
        ::base::detail::take_value(std::move(try_result_)); \
    })

namespace base::detail {

template <class T, class E>
constexpr T take_value(std::expected<T, E>&& result) {
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

}  // namespace base::detail
