// SPDX-License-Identifier: MIT
// Service: protocols fs, tty and input for all terminals.
//
// Badges: who calls.
//   1 + major           a Directory for the device nodes of this major number: opens "MINOR" (vfs)
//   sink_keyboard, sink_serial   input devices
//   opened_first + n    an open File: terminal and file number; its drop message ends it
//
// tty calls screens (console, uart) and procmgr's answering thread; none of these ever calls tty and waits meanwhile with the
// thread that answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "interfaces/device.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/input.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/server.hpp"
#include "servers/tty/keyboard.hpp"
#include "servers/tty/terminal.hpp"

namespace tty {

inline constexpr std::uint64_t badge_virtual_directory = 1;  // major 4
inline constexpr std::uint64_t badge_console_directory = 2;  // major 5
inline constexpr std::uint64_t badge_keyboard = 3;
inline constexpr std::uint64_t badge_serial = 4;
inline constexpr std::uint64_t badge_opened_first = 16;

struct Surroundings {
    ipc::Ref<ipc::Endpoint> endpoint;
    ipc::Ref<display::Screen> screen;  // virtual terminals 1 to 6; none without a framebuffer
    ipc::Ref<display::Screen> serial;  // terminals 64 and 65
};

class Service {
public:
    using Protocol = ipc::Operations<fs::Open, fs::Read, fs::Write, fs::Poll, fs::GetAttributes,
                                     fs::SetStatusFlags, GetSettings, SetSettings, GetSize, SetSize,
                                     GetForeground, SetForeground, Attach, Detach, Flush, Pending,
                                     Identify, input::Keys, input::Bytes>;

    explicit Service(const Surroundings& around);

    Result<fs::Open::Reply> handle(const fs::Open& open, ipc::Request& request);
    Result<fs::Read::Reply> handle(const fs::Read& read, ipc::Request& request);
    Result<fs::Write::Reply> handle(const fs::Write& write, ipc::Request& request);
    Result<fs::Poll::Reply> handle(const fs::Poll& poll, ipc::Request& request);
    Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes& get, ipc::Request& request);
    Result<fs::SetStatusFlags::Reply> handle(const fs::SetStatusFlags& set, ipc::Request& request);
    Result<GetSettings::Reply> handle(const GetSettings& get, ipc::Request& request);
    Result<SetSettings::Reply> handle(const SetSettings& set, ipc::Request& request);
    Result<GetSize::Reply> handle(const GetSize& get, ipc::Request& request);
    Result<SetSize::Reply> handle(const SetSize& set, ipc::Request& request);
    Result<GetForeground::Reply> handle(const GetForeground& get, ipc::Request& request);
    Result<SetForeground::Reply> handle(const SetForeground& set, ipc::Request& request);
    Result<Attach::Reply> handle(const Attach& attach, ipc::Request& request);
    Result<Detach::Reply> handle(const Detach& detach, ipc::Request& request);
    Result<Flush::Reply> handle(const Flush& flush, ipc::Request& request);
    Result<Pending::Reply> handle(const Pending& pending, ipc::Request& request);
    Result<Identify::Reply> handle(const Identify& identify, ipc::Request& request);
    Result<input::Keys::Reply> handle(const input::Keys& keys, ipc::Request& request);
    Result<input::Bytes::Reply> handle(const input::Bytes& bytes, ipc::Request& request);

    void on_drop(std::uint64_t badge) { opened_.erase(badge); }
    std::uint64_t deadline();
    void on_deadline();

private:
    struct Opened {  // an open file description
        Terminal* terminal = nullptr;
        std::uint32_t flags = 0;  // fs::OpenFlags::changeable

        [[nodiscard]] bool never_waits() const { return (flags & fs::OpenFlags::non_block) != 0; }
    };
    Result<Opened*> opened_of(const ipc::Request& request);
    Result<Terminal*> terminal_of(const ipc::Request& request);
    Result<Terminal*> named_terminal(const ipc::Request& request);
    Terminal* find(std::uint32_t minor);
    void act_on(const Keyboard::Event& event);

    const Surroundings around_;
    std::vector<std::unique_ptr<Terminal>> terminals_;
    std::map<std::uint64_t, Opened> opened_;  // by badge
    std::uint64_t next_badge_ = badge_opened_first;
    Keyboard keyboard_;
    std::uint32_t shown_ = 1;
};

}  // namespace tty
