// SPDX-License-Identifier: MIT
// Flags<Enum>: a set of the enumerators of a bit-valued enum class.
#pragma once

#include <type_traits>

namespace base {

template <class Enum>
class Flags {
public:
    using Raw = std::underlying_type_t<Enum>;

    constexpr Flags() = default;
    constexpr Flags(Enum one) : raw_(static_cast<Raw>(one)) {}  // NOLINT: a single flag is a set
    static constexpr Flags from_raw(Raw raw) {
        Flags flags;
        flags.raw_ = raw;
        return flags;
    }

    [[nodiscard]] constexpr Raw raw() const { return raw_; }
    [[nodiscard]] constexpr bool has(Flags other) const {
        return (raw_ & other.raw_) == other.raw_;
    }
    [[nodiscard]] constexpr bool empty() const { return raw_ == 0; }

    friend constexpr bool operator==(Flags, Flags) = default;
    friend constexpr Flags operator|(Flags a, Flags b) {
        return from_raw(static_cast<Raw>(a.raw_ | b.raw_));
    }
    friend constexpr Flags operator&(Flags a, Flags b) {
        return from_raw(static_cast<Raw>(a.raw_ & b.raw_));
    }
    [[nodiscard]] constexpr Flags without(Flags other) const {
        return from_raw(static_cast<Raw>(raw_ & ~other.raw_));
    }

private:
    Raw raw_ = 0;
};

}  // namespace base
