// SPDX-License-Identifier: MIT
// Terminals: streams that also speak protocol `tty`, which ioctl is translated to.
#pragma once

#include "linux/fd/server_file.hpp"

namespace linux::fd {

class Terminal final : public Stream {
public:
    Terminal(std::uint32_t status, ipc::Capability<fs::File> file, const ServerFileInfo& info)
        : Stream(status, std::move(file), info) {
        keep_path(device_path());
    }

    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    [[nodiscard]] bool is_terminal() const override { return true; }

private:
    // Where programs look for it. Empty: unknown.
    [[nodiscard]] std::string device_path() const;
    std::int64_t get_settings(std::uint64_t to);
    std::int64_t set_settings(std::uint64_t from, std::uint32_t when);
    std::int64_t get_settings_and_speeds(std::uint64_t to);
    std::int64_t set_settings_and_speeds(std::uint64_t from, std::uint32_t when);
    std::int64_t get_size(std::uint64_t to);
    std::int64_t set_size(std::uint64_t from);
    std::int64_t get_foreground(std::uint64_t to, bool session);
    std::int64_t set_foreground(std::uint64_t from);
    std::int64_t flush(std::uint64_t queue);
    std::int64_t flow(std::uint64_t action);
    std::int64_t pending(std::uint64_t to, bool output);
    std::int64_t acquire(bool force);
    std::int64_t settings_ioctl(std::uint32_t request, std::uint64_t argument);
    std::int64_t pair_ioctl(std::uint32_t request, std::uint64_t argument);
    std::int64_t leave();
    std::int64_t set_exclusive(std::uint32_t to);
    std::int64_t get_exclusive(std::uint64_t to);
    std::int64_t get_device(std::uint64_t to);
    enum class OfPair : std::uint8_t { number, lock, packets };
    std::int64_t get_pair(std::uint64_t to, OfPair what);
    std::int64_t set_packets(std::uint64_t from);
    std::int64_t lock_pair(std::uint64_t from);
    Result<std::int64_t> open_slave(std::uint32_t flags);
};

}  // namespace linux::fd
