// SPDX-License-Identifier: MIT
#include "linux/process/lent_stack.hpp"

#include <algorithm>
#include <utility>

#include "libs/ipc/kernel_objects.hpp"
#include "linux/entry/user_memory.hpp"

namespace linux {
namespace {

struct Page {
    std::uint64_t address;
    std::uint64_t bytes;
    std::uint64_t returned;
    std::array<std::byte, LentStack::most_bytes> after;
};
static_assert(sizeof(Page) <= abi::page_size);

constinit std::uint64_t borrowed = 0;

Page& at(std::uint64_t address) { return *reinterpret_cast<Page*>(address); }

std::uint64_t word_at(const std::byte* place) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, place, sizeof word);  // without a call
    return word;
}

void give_up(std::uint64_t page) {
    (void)ipc::own_space()->unmap(page, abi::page_size);
    fd::small_windows.give_back(page);
}

// The mapping is what keeps the memory: nobody needs a capability to it.
std::uint64_t make_page() {
    const auto address = fd::small_windows.take();
    if (!address) {
        return 0;
    }
    const auto memory = ipc::own_bank()->create_memory(abi::page_size);
    if (memory &&
        ipc::own_space()->map(*memory, {.address = *address,
                                        .length = abi::page_size,
                                        .flags = abi::MapFlags::read | abi::MapFlags::write |
                                                 abi::MapFlags::on_clone_share})) {
        return *address;
    }
    fd::small_windows.give_back(*address);
    return 0;
}

}  // namespace

void LentStack::lend(std::uint64_t stack_pointer) {
    const std::uint64_t to_page_end = abi::page_size - stack_pointer % abi::page_size;
    for (const std::size_t bytes : {most_bytes, std::min<std::size_t>(most_bytes, to_page_end)}) {
        if (!user::copy_in(before_.data(), stack_pointer, bytes)) {
            continue;
        }
        page_ = make_page();
        if (page_ != 0) {
            at(page_).address = stack_pointer;
            at(page_).bytes = bytes;
        }
        return;
    }
}

void LentStack::take_back() {
    if (page_ == 0) {
        return;
    }
    const Page& page = at(page_);
    const std::size_t bytes =
        page.returned == 0 ? 0 : std::min<std::size_t>(page.bytes, most_bytes);
    for (std::size_t from = 0; from < bytes;) {
        if (from + 8 <= bytes && word_at(&page.after[from]) == word_at(&before_[from])) {
            from += 8;  // most is as it was
            continue;
        }
        if (page.after[from] == before_[from]) {
            ++from;
            continue;
        }
        std::size_t end = from;
        while (end < bytes && page.after[end] != before_[end]) {
            ++end;
        }
        (void)user::copy_out(page.address + from, &page.after[from], end - from);
        from = end;
    }
    give_up(std::exchange(page_, 0));
}

void borrow_stack(std::uint64_t page) { borrowed = page; }

void return_stack() {
    if (borrowed == 0) {
        return;
    }
    Page& page = at(borrowed);
    const std::size_t bytes = std::min<std::size_t>(page.bytes, LentStack::most_bytes);
    if (user::copy_in(page.after.data(), page.address, bytes)) {
        page.returned = 1;
    }
}

void forget_stack() {
    if (const std::uint64_t page = std::exchange(borrowed, 0); page != 0) {
        give_up(page);
    }
}

}  // namespace linux
