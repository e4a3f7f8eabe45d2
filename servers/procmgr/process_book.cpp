// SPDX-License-Identifier: MIT
#include "servers/procmgr/process_book.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

constexpr std::uint64_t longest_environment = 64 * 1024;
constexpr std::uint64_t most_threads = 2048;

}  // namespace

std::optional<ProcessBook> ProcessBook::open(Body& body) {
    const std::uint64_t at =
        body.shared == 0 ? 0 : std::atomic_ref{body.signals().book}.load(std::memory_order_acquire);
    auto visit = at == 0 ? std::nullopt : Visit::begin(body);
    process::Book book;
    if (!visit || !visit->read(at, book)) {
        return std::nullopt;
    }
    return ProcessBook{std::move(*visit), book};
}

std::string ProcessBook::text(std::uint64_t address, std::uint64_t bytes) {
    std::string whole(bytes, '\0');
    for (std::uint64_t done = 0; done < bytes;) {
        const std::uint64_t part = std::min<std::uint64_t>(bytes - done, abi::page_size);
        if (!visit_.read(address + done,
                         std::as_writable_bytes(std::span{whole}.subspan(done, part)))) {
            return {};
        }
        done += part;
    }
    return whole;
}

std::string ProcessBook::environment() {
    return text(book_.environment_at, std::min(book_.environment_bytes, longest_environment));
}

std::string ProcessBook::directory() {
    std::uint64_t length = 0;
    return visit_.read(book_.directory_length_at, length) && length <= fs::max_path
               ? text(book_.directory_at, length)
               : std::string{};
}

std::vector<std::uint32_t> ProcessBook::descriptors() {
    std::array<std::uint64_t, most_descriptors / 64> used{};
    std::vector<std::uint32_t> numbers;
    if (book_.descriptors > most_descriptors ||
        !visit_.read(book_.used_at,
                     std::as_writable_bytes(std::span{used}.first(book_.descriptors / 64)))) {
        return numbers;
    }
    for (std::uint32_t number = 0; number < most_descriptors; ++number) {
        if ((used[number / 64] >> (number % 64) & 1) != 0) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

std::optional<ProcessBook::Descriptor> ProcessBook::descriptor(std::uint32_t number) {
    process::DescriptorSlot slot;
    process::DescriptorCard card;
    if (number >= book_.descriptors ||
        !visit_.read(book_.descriptors_at + std::uint64_t{number} * sizeof slot, slot) ||
        slot.description == 0 || !visit_.read(slot.description + book_.card_offset, card)) {
        return std::nullopt;
    }
    Descriptor told{.text = {}, .access = card.access};
    if (card.path_bytes != 0 && card.path_bytes <= fs::max_path) {
        told.text = text(card.path_at, card.path_bytes);
    }
    if (told.text.empty()) {
        told.text = process::nameless(static_cast<fs::Kind>(card.kind));
        told.text += decimal(card.number) + ']';
    }
    return told;
}

std::vector<process::ThreadCard> ProcessBook::threads() {
    std::vector<process::ThreadCard> running;
    std::uint32_t last = 0;
    for (std::uint64_t i = 0; i < std::min(book_.threads, most_threads); ++i) {
        std::uint64_t thread = 0;
        process::ThreadCard card;
        if (!visit_.read(book_.threads_at + i * sizeof thread, thread) ||
            !visit_.read(thread + book_.thread_offset, card) || card.id <= last) {
            break;  // ids rise along the list
        }
        last = card.id;
        if (card.runs != 0) {
            running.push_back(card);
        }
    }
    return running;
}

std::optional<process::ThreadCard> ProcessBook::thread(std::uint32_t id) {
    const auto all = threads();
    const auto found = std::ranges::find(all, id, &process::ThreadCard::id);
    return found == all.end() ? std::nullopt : std::optional{*found};
}

}  // namespace procmgr
