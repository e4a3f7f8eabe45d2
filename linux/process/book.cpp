// SPDX-License-Identifier: MIT
#include "linux/process/book.hpp"

#include <atomic>

#include "linux/fd/location.hpp"
#include "linux/fd/table.hpp"

namespace linux {

constinit process::Book book{};

void write_book() {
    fd::table.write_to(book);
    fd::write_location_to(book);
}

void show_book() {
    auto& page = *reinterpret_cast<process::SignalPage*>(process::signal_page);
    std::atomic_ref{page.book}.store(reinterpret_cast<std::uint64_t>(&book),
                                     std::memory_order_release);
}

}  // namespace linux
