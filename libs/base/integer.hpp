// SPDX-License-Identifier: MIT
// Strong integers. Mixing two of them is a compile error and costs nothing at run time.
//
//   using PhysAddr = base::Integer<struct PhysAddrTag, std::uint64_t>;
//
// Two values of one type can be compared and subtracted (giving the raw type); a raw integer can be
// added. Nothing else converts: `.value()` gives the raw integer where one is meant.
#pragma once

#include <compare>
#include <cstdint>

namespace base {

template <class Tag, class Raw>
class Integer {
public:
    using RawType = Raw;

    constexpr Integer() = default;
    constexpr explicit Integer(Raw value) : value_(value) {}

    [[nodiscard]] constexpr Raw value() const { return value_; }

    friend constexpr auto operator<=>(Integer, Integer) = default;
    friend constexpr Raw operator-(Integer a, Integer b) {
        return static_cast<Raw>(a.value_ - b.value_);
    }
    friend constexpr Integer operator+(Integer a, Raw b) {
        return Integer{static_cast<Raw>(a.value_ + b)};
    }
    friend constexpr Integer operator-(Integer a, Raw b) {
        return Integer{static_cast<Raw>(a.value_ - b)};
    }
    constexpr Integer& operator+=(Raw b) {
        value_ = static_cast<Raw>(value_ + b);
        return *this;
    }
    constexpr Integer& operator-=(Raw b) {
        value_ = static_cast<Raw>(value_ - b);
        return *this;
    }

private:
    Raw value_ = 0;
};

}  // namespace base
