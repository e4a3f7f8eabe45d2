// SPDX-License-Identifier: MIT
// Lending: the Files by which programs have the framebuffer (interfaces/display.hpp), and to which of them it is lent.
//
// A loan is a window of the framebuffer's memory that is bought from a bank of its own. To take it back the bank is destroyed, and
// the window with it, whoever has capabilities to it and wherever it is mapped. Nobody has to agree to that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "interfaces/display.hpp"
#include "interfaces/fs.hpp"
#include "libs/fs_server/pollers.hpp"
#include "libs/fs_server/types.hpp"
#include "libs/ipc/request.hpp"

namespace console {

using fs_server::Result;
using interfaces::Status;

class Lending {
public:
    static constexpr std::ptrdiff_t most_files = 16;  // of one terminal

    // `endpoint` mints the Files. `pixels`: all of the screen's memory, with the right to cut windows of it; may be none.
    Lending(ipc::Ref<ipc::Endpoint> endpoint, ipc::Ref<ipc::Memory> pixels, std::uint64_t bytes);

    Result<ipc::Capability<fs::File>> open(std::uint32_t terminal);
    // The terminal that had the screen lent to this File; 0: none.
    std::uint32_t close(std::uint64_t badge);
    [[nodiscard]] bool is_open(std::uint64_t badge) const { return files_.contains(badge); }

    // With the Memory, as the File may use it.
    Result<fs::Map::Reply> lend(std::uint64_t badge, const fs::Map& map, std::uint32_t shown,
                                ipc::Request& request);
    fs::Poll::Reply poll(std::uint64_t badge, const fs::Poll& poll, std::uint32_t shown,
                         ipc::Request& request);
    // Another terminal is in front.
    void show(std::uint32_t terminal);
    // All Files of the terminal are of no use from now on. -> was it lent?
    bool end(std::uint32_t terminal);
    [[nodiscard]] bool is_lent(std::uint32_t terminal) const;

private:
    struct File {
        std::uint32_t terminal = 0;
        bool ended = false;
        bool lost = false;  // a loan was taken back, and no other asked for
        ipc::Capability<ipc::Bank> bank;
        ipc::Capability<ipc::Memory> window;
        fs_server::Pollers pollers;

        [[nodiscard]] bool has_loan() const { return static_cast<bool>(bank); }
        [[nodiscard]] std::uint32_t ready(std::uint32_t shown) const;
        void take_back();
    };
    Result<void> make_loan(File& file) const;

    const ipc::Ref<ipc::Endpoint> endpoint_;
    const ipc::Ref<ipc::Memory> pixels_;
    const std::uint64_t bytes_;
    std::map<std::uint64_t, File> files_;  // by badge
    // No two Files ever have the same, also when this server is started again: old Files reach the new one.
    std::uint64_t next_badge_;
};

}  // namespace console
