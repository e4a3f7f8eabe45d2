// SPDX-License-Identifier: MIT
#include "servers/console/lending.hpp"

#include <algorithm>

#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"

namespace console {

namespace {

// What a window costs, and its bank.
constexpr std::uint64_t loan_limit = 16 * abi::page_size;

Status status_of(abi::Error error) { return ipc::to_status(error); }

}  // namespace

std::uint32_t Lending::File::ready(std::uint32_t shown) const {
    if (ended) {
        return fs::Poll::hang_up | fs::Poll::error;
    }
    return (shown == terminal ? fs::Poll::readable | fs::Poll::writable : 0) |
           (lost ? fs::Poll::error : 0);
}

// Before it returns nobody can write to the screen by it any more.
void Lending::File::take_back() {
    window.reset();
    if (const auto destroyed = bank->destroy(); !destroyed) {
        rt::panic("a loan of the screen cannot be taken back");
    }
    bank.reset();
    lost = true;
}

// Badges begin with the time: it is later than when the one before was started by more than that had Files.
Lending::Lending(ipc::Ref<ipc::Endpoint> endpoint, ipc::Ref<ipc::Memory> pixels,
                 std::uint64_t bytes)
    : endpoint_(endpoint),
      pixels_(pixels),
      bytes_(bytes),
      next_badge_(std::max(rt::now(), display::screen_badge + 1)) {}

Result<ipc::Capability<fs::File>> Lending::open(std::uint32_t terminal) {
    if (!pixels_) {
        return base::fail(Status::not_found);
    }
    const auto open = std::ranges::count_if(
        files_, [&](const auto& one) { return one.second.terminal == terminal; });
    if (open >= most_files) {
        return base::fail(Status::limit);
    }
    auto file = ipc::mint<fs::File>(endpoint_, {.badge = next_badge_,
                                                .rights = abi::EndpointRights::call,
                                                .flags = abi::MintFlags::drop_guard});
    if (!file) {
        return base::fail(status_of(file.error()));
    }
    files_[next_badge_++].terminal = terminal;
    return std::move(*file);
}

std::uint32_t Lending::close(std::uint64_t badge) {
    const auto found = files_.find(badge);
    if (found == files_.end()) {
        return 0;
    }
    const std::uint32_t lent = found->second.has_loan() ? found->second.terminal : 0;
    if (lent != 0) {
        found->second.take_back();
    }
    files_.erase(found);
    return lent;
}

Result<void> Lending::make_loan(File& file) const {
    auto bank = ipc::own_bank()->create_bank(loan_limit);
    if (!bank) {
        return base::fail(status_of(bank.error()));
    }
    auto window = pixels_->window({0, bytes_}, *bank);
    if (!window) {
        return base::fail(status_of(window.error()));
    }
    file.bank = std::move(*bank);
    file.window = std::move(*window);
    return {};
}

Result<fs::Map::Reply> Lending::lend(std::uint64_t badge, const fs::Map& map, std::uint32_t shown,
                                     ipc::Request& request) {
    File& file = files_.at(badge);
    file.lost = false;
    if (file.ended) {
        return base::fail(Status::io_error);
    }
    if (file.terminal != shown) {
        return base::fail(Status::would_block);
    }
    if (!file.has_loan()) {
        TRY(make_loan(file));
    }
    const std::uint8_t write = map.write != fs::Map::read_only ? abi::MemoryRights::write : 0;
    auto copy =
        ipc::copy(file.window.ref(), static_cast<std::uint8_t>(abi::MemoryRights::read | write));
    if (!copy) {
        return base::fail(status_of(copy.error()));
    }
    request.add_capability(std::move(*copy));
    return fs::Map::Reply{.data_offset = 0, .size = bytes_};
}

fs::Poll::Reply Lending::poll(std::uint64_t badge, const fs::Poll& poll, std::uint32_t shown,
                              ipc::Request& request) {
    File& file = files_.at(badge);
    return file.pollers.poll(poll, request, file.ready(shown));
}

void Lending::show(std::uint32_t terminal) {
    for (auto& [badge, file] : files_) {
        if (file.terminal != terminal && file.has_loan()) {
            file.take_back();
        }
        file.pollers.end_came();
        file.pollers.tell(file.ready(terminal));
    }
}

bool Lending::end(std::uint32_t terminal) {
    const bool was_lent = is_lent(terminal);
    for (auto& [badge, file] : files_) {
        if (file.terminal != terminal || file.ended) {
            continue;
        }
        if (file.has_loan()) {
            file.take_back();
        }
        file.ended = true;
        file.pollers.tell(file.ready(0));
    }
    return was_lent;
}

bool Lending::is_lent(std::uint32_t terminal) const {
    return std::ranges::any_of(files_, [&](const auto& one) {
        return one.second.terminal == terminal && one.second.has_loan();
    });
}

}  // namespace console
