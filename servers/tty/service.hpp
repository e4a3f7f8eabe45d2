// SPDX-License-Identifier: MIT
// Service: protocols fs, tty and input for all terminals.
//
// Badges: who calls.
//   virtual_directory, console_directory   Directories of device nodes: open "MINOR INODE DEVICE" (vfs)
//   pairs_directory     the first Directory of pseudo-terminals (vfs mounts it)
//   keyboard, serial    input devices
//   manager             procmgr, who alone attaches terminals to sessions (tty::Terminals)
//   screen_directory    a Directory of the device nodes of framebuffers, which have nothing but their names here
//   opened_first + n    an open File, or a branch of the pairs' Directory; its drop message ends it
//
// tty calls screens (console, uart) and procmgr's answering thread, all by capabilities that init gave it; none of these ever calls tty and waits meanwhile with the
// thread that answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "interfaces/device.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/input.hpp"
#include "interfaces/namespace.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/server.hpp"
#include "servers/tty/keyboard.hpp"
#include "servers/tty/pseudo_terminals.hpp"

namespace tty {

inline constexpr std::uint64_t badge_virtual_directory = 1;  // major 4
inline constexpr std::uint64_t badge_console_directory = 2;  // major 5
inline constexpr std::uint64_t badge_keyboard = 3;
inline constexpr std::uint64_t badge_serial = 4;
inline constexpr std::uint64_t badge_pairs_directory = 5;
inline constexpr std::uint64_t badge_manager = manager_badge;
inline constexpr std::uint64_t badge_screen_directory = 7;  // display::framebuffer_major
inline constexpr std::uint64_t badge_opened_first = 16;

struct Surroundings {
    ipc::Ref<ipc::Endpoint> endpoint;
    ipc::Ref<display::Screen> screen;  // virtual terminals 1 to 6; none without a framebuffer
    ipc::Ref<display::Screen> serial;  // terminals 64 and 65
    ipc::Ref<process::Sessions> sessions;
    ipc::Ref<ipc::Log> log;  // to be read; on virtual terminal 6
};

class Service {
public:
    using Protocol =
        ipc::Operations<fs::Open, fs::Read, fs::Write, fs::Poll, fs::GetAttributes,
                        fs::SetStatusFlags, GetSettings, SetSettings, GetSize, SetSize,
                        GetForeground, SetForeground, Claim, Attach, Detach, Flush, Flow, Pending,
                        Identify, GetPair, LockPair, SetPackets, SetExclusive, SignalForeground,
                        fs::GetPathAttributes, fs::SetAttributes, fs::CheckAccess,
                        fs::ReadSymbolicLink, fs::ReadDirectory, fs::Seek, fs::GetUsage,
                        names::Branch, input::Keys, input::Bytes, OpenFramebuffer>;

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
    Result<Claim::Reply> handle(const Claim& claim, ipc::Request& request);
    Result<Attach::Reply> handle(const Attach& attach, ipc::Request& request);
    Result<Detach::Reply> handle(const Detach& detach, ipc::Request& request);
    Result<OpenFramebuffer::Reply> handle(const OpenFramebuffer& open, ipc::Request& request);
    Result<Flush::Reply> handle(const Flush& flush, ipc::Request& request);
    Result<Flow::Reply> handle(const Flow& flow, ipc::Request& request);
    Result<Pending::Reply> handle(const Pending& pending, ipc::Request& request);
    Result<Identify::Reply> handle(const Identify& identify, ipc::Request& request);
    Result<GetPair::Reply> handle(const GetPair& get, ipc::Request& request);
    Result<LockPair::Reply> handle(const LockPair& lock, ipc::Request& request);
    Result<SetPackets::Reply> handle(const SetPackets& set, ipc::Request& request);
    Result<SetExclusive::Reply> handle(const SetExclusive& set, ipc::Request& request);
    Result<SignalForeground::Reply> handle(const SignalForeground& signal, ipc::Request& request);

    // Names of pseudo-terminals (service_names.cpp).
    Result<fs::GetPathAttributes::Reply> handle(const fs::GetPathAttributes& get,
                                                ipc::Request& request);
    Result<fs::SetAttributes::Reply> handle(const fs::SetAttributes& set, ipc::Request& request);
    Result<fs::CheckAccess::Reply> handle(const fs::CheckAccess& check, ipc::Request& request);
    Result<fs::ReadSymbolicLink::Reply> handle(const fs::ReadSymbolicLink& read,
                                               ipc::Request& request);
    Result<fs::ReadDirectory::Reply> handle(const fs::ReadDirectory& read, ipc::Request& request);
    Result<fs::Seek::Reply> handle(const fs::Seek& seek, ipc::Request& request);
    Result<fs::GetUsage::Reply> handle(const fs::GetUsage& get, ipc::Request& request);
    Result<names::Branch::Reply> handle(const names::Branch& branch, ipc::Request& request);

    Result<input::Keys::Reply> handle(const input::Keys& keys, ipc::Request& request);
    Result<input::Bytes::Reply> handle(const input::Bytes& bytes, ipc::Request& request);

    void on_drop(std::uint64_t badge);
    std::uint64_t deadline();
    void on_deadline();

private:
    // The name that a device was opened by: what fstat says is what stat says of that name.
    struct Node {
        DeviceNumber device;
        std::uint64_t inode = 0, file_system = 0;
    };
    // What a badge stands for.
    struct Opened {
        // `session`: held by procmgr; `name`: opened for its attributes alone; `branch`: a Directory.
        // `keyboard`: takes its layout.
        enum class Kind : std::uint8_t {
            terminal,
            master,
            session,
            name,
            directory,
            branch,
            keyboard
        };

        Kind kind = Kind::terminal;
        Terminal* terminal = nullptr;    // null: of a directory
        PseudoTerminal* pair = nullptr;  // that the terminal belongs to, if it does
        Branch* branch = nullptr;        // of a directory
        fs::Identity identity;           // who opened it
        std::uint32_t flags = 0;         // fs::OpenFlags::changeable
        std::uint32_t access = 0;        // fs::OpenFlags::read, write
        Node node;                       // of a screen or serial line
        std::uint32_t epoch = 0;         // of the terminal when this was opened
        Claim claim;                     // the latest; session 0: none
        std::uint64_t claim_number = 0;
        std::uint64_t cursor = 0;  // directory: where the next entry is

        [[nodiscard]] bool never_waits() const { return (flags & fs::OpenFlags::non_block) != 0; }
        [[nodiscard]] bool hung_up() const {
            const bool of_slave = kind == Kind::terminal || kind == Kind::session;
            return of_slave && epoch != terminal->epoch();
        }
        // A slave that keeps its master from reading the end.
        [[nodiscard]] bool counts() const {
            return kind == Kind::terminal && pair != nullptr && !hung_up();
        }
    };
    struct Screen {
        ScreenLine line;
        Terminal terminal;

        Screen(std::uint32_t minor, ipc::Ref<display::Screen> screen,
               ipc::Ref<process::Sessions> sessions)
            : line(minor, screen),
              terminal({.major = screen_major, .minor = minor}, line, sessions) {}
    };
    // A name in a Directory of pseudo-terminals.
    struct Name {
        enum class Kind : std::uint8_t { directory, master, slave };
        Kind kind = Kind::directory;
        PseudoTerminal* pair = nullptr;
    };

    void add_terminals(ipc::Ref<display::Screen> screen, std::uint32_t first, std::uint32_t count);
    Result<Opened*> opened_of(const ipc::Request& request);
    // The terminal of an open File that has not been hung up.
    Result<Terminal*> terminal_of(const ipc::Request& request);
    // What may be read from, or written to (fs::OpenFlags).
    Result<Opened> opened_for(const ipc::Request& request, std::uint32_t access);
    Result<Opened*> claimed(std::uint64_t number, std::uint32_t session);
    Result<PseudoTerminal*> master_of(const ipc::Request& request);
    Result<Opened> opened_by_number(const ipc::Request& request);
    Result<Opened> opened_by_name(Branch& branch, const fs::Open& open, std::string_view name);
    static Result<Opened> opened_again(const Opened& file, std::uint32_t flags);
    static Result<Opened> open_slave(PseudoTerminal& pair);
    Result<ipc::Capability<fs::File>> add(const Opened& opened);
    // Null: not a Directory of pseudo-terminals.
    Branch* branch_of(const ipc::Request& request);
    Result<Name> look_up(const Branch& branch, std::string_view path) const;
    static fs::Attributes attributes_of(const Name& name);
    static fs::Attributes attributes_of(const Opened& file);
    static void settle(const Opened& file);
    void settle(const ipc::Request& request);
    Screen* find_screen(std::uint32_t minor);
    Terminal* find(std::uint32_t minor);
    void end_framebuffers(const Terminal& terminal);
    Result<fs::Write::Reply> write_layout(const ipc::Request& request);
    void show_log();
    void act_on(const Keyboard::Event& event);

    const Surroundings around_;
    std::vector<std::unique_ptr<Screen>> screens_;
    PseudoTerminals pairs_;
    std::map<std::uint64_t, Opened> opened_;  // by badge
    std::uint64_t next_badge_ = badge_opened_first;
    std::uint64_t claims_ = 0;  // made so far
    Keyboard keyboard_;
    std::uint32_t shown_ = 1;
    std::uint64_t log_position_ = 0;
    std::uint64_t log_looked_at_ = ipc::no_deadline;  // next
};

}  // namespace tty
