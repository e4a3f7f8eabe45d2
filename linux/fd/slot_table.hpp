// SPDX-License-Identifier: MIT
//
// The numbers of descriptors: which are in use, for what, and with which flags. A number is a slot;
// new ones get the lowest free slot, as POSIX asks. No locking here, and no knowledge of what a
// slot holds (T is a pointer; null: free).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace linux::fd {

template <class T, std::size_t Capacity>
class SlotTable {
    static_assert(Capacity % 64 == 0);

public:
    static constexpr std::size_t capacity = Capacity;

    struct Slot {
        T* item = nullptr;
        bool close_on_exec = false;
    };

    [[nodiscard]] static bool in_range(std::int64_t number) {
        return number >= 0 && number < static_cast<std::int64_t>(Capacity);
    }
    // Null if the slot is free or the number is none.
    [[nodiscard]] T* get(std::int64_t number) const {
        return in_range(number) ? slots_[static_cast<std::size_t>(number)].item : nullptr;
    }
    [[nodiscard]] const Slot& slot(std::size_t number) const { return slots_[number]; }
    void set_close_on_exec(std::size_t number, bool value) { slots_[number].close_on_exec = value; }

    // The lowest free slot from `from` on and below `limit`.
    [[nodiscard]] std::optional<std::size_t> lowest_free(std::size_t from,
                                                         std::size_t limit) const {
        limit = limit < Capacity ? limit : Capacity;
        for (std::size_t word = from / 64; word * 64 < limit; ++word) {
            std::uint64_t used = used_[word];
            if (word == from / 64) {
                used |= (std::uint64_t{1} << (from % 64)) - 1;
            }
            if (used != ~std::uint64_t{0}) {
                const std::size_t number =
                    word * 64 + static_cast<std::size_t>(std::countr_one(used));
                return number < limit ? std::optional{number} : std::nullopt;
            }
        }
        return std::nullopt;
    }
    // Puts an item into a slot; what was there comes back.
    T* put(std::size_t number, T* item, bool close_on_exec) {
        used_[number / 64] |= std::uint64_t{1} << (number % 64);
        slots_[number].close_on_exec = close_on_exec;
        return std::exchange(slots_[number].item, item);
    }
    // Frees a slot; what was there comes back (null: it was free).
    T* take(std::int64_t number) {
        if (!in_range(number)) {
            return nullptr;
        }
        const auto at = static_cast<std::size_t>(number);
        used_[at / 64] &= ~(std::uint64_t{1} << (at % 64));
        slots_[at].close_on_exec = false;
        return std::exchange(slots_[at].item, nullptr);
    }
    // The first slot in use from `from` on.
    [[nodiscard]] std::optional<std::size_t> next_used(std::size_t from) const {
        for (std::size_t word = from / 64; word < used_.size(); ++word) {
            std::uint64_t used = used_[word];
            if (word == from / 64) {
                used &= ~((std::uint64_t{1} << (from % 64)) - 1);
            }
            if (used != 0) {
                return word * 64 + static_cast<std::size_t>(std::countr_zero(used));
            }
        }
        return std::nullopt;
    }
    // Where it stands (process::Book).
    template <class Book>
    void write_to(Book& book) const {
        book.used_at = reinterpret_cast<std::uintptr_t>(used_.data());
        book.descriptors_at = reinterpret_cast<std::uintptr_t>(slots_.data());
        book.descriptors = Capacity;
    }
    // Calls visit(number, slot) for each slot in use; the slot may be freed meanwhile.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (auto number = next_used(0); number; number = next_used(*number + 1)) {
            visit(*number, slots_[*number]);
        }
    }

private:
    std::array<Slot, Capacity> slots_{};
    std::array<std::uint64_t, Capacity / 64> used_{};
};

}  // namespace linux::fd
