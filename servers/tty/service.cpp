// SPDX-License-Identifier: MIT
#include "servers/tty/service.hpp"
#include "libs/base/wipe.hpp"

#include <cstring>

#include "libs/rt/clock.hpp"

namespace tty {

namespace {

constexpr std::uint32_t virtual_terminals = 6;
constexpr std::uint32_t first_serial = 64;
constexpr std::uint32_t serial_lines = 2;
constexpr std::uint32_t log_terminal = 6;
constexpr std::uint64_t log_period = 200 * rt::millisecond;

}  // namespace

Service::Service(const Surroundings& around) : around_(around), pairs_(around.sessions) {
    add_terminals(around.screen, 1, virtual_terminals);
    add_terminals(around.serial, first_serial, serial_lines);
}

void Service::add_terminals(ipc::Ref<display::Screen> screen, std::uint32_t first,
                            std::uint32_t count) {
    for (std::uint32_t i = 0; screen && i < count; ++i) {
        screens_.push_back(std::make_unique<Screen>(first + i, screen, around_.sessions));
    }
}

Service::Screen* Service::find_screen(std::uint32_t minor) {
    for (const auto& screen : screens_) {
        if (screen->terminal.device().minor == minor) {
            return screen.get();
        }
    }
    return nullptr;
}

Terminal* Service::find(std::uint32_t minor) {
    Screen* screen = find_screen(minor);
    return screen != nullptr ? &screen->terminal : nullptr;
}

// ---- tty ------------------------------------------------------------------------------------------

Result<GetSettings::Reply> Service::handle(const GetSettings& /*get*/, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    request.set_reply_object(terminal->discipline().settings());
    return GetSettings::Reply{};
}

Result<SetSettings::Reply> Service::handle(const SetSettings& set, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    Settings settings;
    if (request.payload().size() != sizeof(settings)) {
        return base::fail(Status::malformed);
    }
    std::memcpy(&settings, request.payload().data(), sizeof(settings));
    if (terminal->in_background(set.process_group)) {
        return base::fail(Status::background);
    }
    terminal->set_settings(settings, set.when);
    settle(request);
    return SetSettings::Reply{};
}

Result<GetSize::Reply> Service::handle(const GetSize& /*get*/, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    return terminal->size();
}

Result<SetSize::Reply> Service::handle(const SetSize& set, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    terminal->set_size(set);
    return SetSize::Reply{};
}

Result<GetForeground::Reply> Service::handle(const GetForeground& /*get*/, ipc::Request& request) {
    const Terminal* terminal = TRY(terminal_of(request));
    return GetForeground::Reply{.group = terminal->foreground(), .session = terminal->session()};
}

Result<SetForeground::Reply> Service::handle(const SetForeground& set, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    if (terminal->in_background(set.process_group)) {
        return base::fail(Status::background);
    }
    TRY(terminal->set_foreground(set));
    return SetForeground::Reply{};
}

Result<Claim::Reply> Service::handle(const Claim& claim, ipc::Request& request) {
    TRY(terminal_of(request));
    Opened* file = TRY(opened_of(request));
    file->claim = claim;
    file->claim_number = ++claims_;
    return Claim::Reply{.claim = file->claim_number};
}

Result<Service::Opened*> Service::claimed(std::uint64_t number, std::uint32_t session) {
    for (auto& [badge, file] : opened_) {
        if (session != 0 && file.claim.session == session && file.claim_number == number &&
            !file.hung_up()) {
            return &file;
        }
    }
    return base::fail(Status::bad_handle);
}

Result<Attach::Reply> Service::handle(const Attach& attach, ipc::Request& request) {
    if (request.badge() != badge_manager) {
        return base::fail(Status::not_permitted);
    }
    Opened* claim = TRY(claimed(attach.claim, attach.session));
    auto file = TRY(add({.kind = Opened::Kind::session,
                         .terminal = claim->terminal,
                         .pair = claim->pair,
                         .node = claim->node}));
    const auto reply = TRY(claim->terminal->attach(attach));
    claim->claim = {};
    request.add_capability(std::move(file));
    return reply;
}

Result<Detach::Reply> Service::handle(const Detach& detach, ipc::Request& request) {
    if (request.badge() != badge_manager) {
        return base::fail(Status::not_permitted);
    }
    for (const auto& screen : screens_) {
        if (detach.session != 0 && screen->terminal.session() == detach.session) {
            end_framebuffers(screen->terminal);
            screen->terminal.detach();
            screen->terminal.hang_up();
            screen->terminal.reset();
        }
    }
    pairs_.for_each([&](PseudoTerminal& pair) {
        if (detach.session != 0 && pair.slave().session() == detach.session) {
            pair.slave().detach();
        }
    });
    return Detach::Reply{};
}

// Whoever stays behind does not draw over the next session.
void Service::end_framebuffers(const Terminal& terminal) {
    if (terminal.device().minor < first_serial) {
        (void)ipc::call(around_.screen,
                        display::EndFramebuffers{.terminal = terminal.device().minor});
    }
}

Result<OpenFramebuffer::Reply> Service::handle(const OpenFramebuffer& open, ipc::Request& request) {
    if (request.badge() != badge_manager) {
        return base::fail(Status::not_permitted);
    }
    for (const auto& screen : screens_) {
        const std::uint32_t minor = screen->terminal.device().minor;
        if (open.session == 0 || screen->terminal.session() != open.session) {
            continue;
        }
        if (minor >= first_serial) {
            return base::fail(Status::not_found);
        }
        auto opened = ipc::call(around_.screen, display::OpenFramebuffer{.terminal = minor});
        if (!opened) {
            return base::fail(ipc::to_status(opened.error()));
        }
        request.add_capability(opened->take<fs::File>());
        return OpenFramebuffer::Reply{};
    }
    // A pseudo-terminal is on no screen, either.
    return base::fail(Status::not_found);
}

Result<Flush::Reply> Service::handle(const Flush& flush, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    const Opened* file = TRY(opened_of(request));
    if (terminal->in_background(flush.process_group)) {
        return base::fail(Status::background);
    }
    // What the master has to read is what the slave puts out.
    const bool input = (flush.queues & Flush::input) != 0;
    terminal->flush(file->kind != Opened::Kind::master ? flush.queues : input ? Flush::output : 0);
    settle(request);
    return Flush::Reply{};
}

Result<Flow::Reply> Service::handle(const Flow& flow, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    if (flow.action > Flow::send_start) {
        return base::fail(Status::invalid);
    }
    if (terminal->in_background(flow.process_group)) {
        return base::fail(Status::background);
    }
    terminal->flow(flow.action);
    settle(request);
    return Flow::Reply{};
}

Result<Pending::Reply> Service::handle(const Pending& /*pending*/, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    const Opened* file = TRY(opened_of(request));
    const std::size_t input = file->kind == Opened::Kind::master ? file->pair->pending()
                                                                 : terminal->discipline().pending();
    return Pending::Reply{.input = static_cast<std::uint32_t>(input)};
}

Result<Identify::Reply> Service::handle(const Identify& /*identify*/, ipc::Request& request) {
    const DeviceNumber device = TRY(terminal_of(request))->device();
    return Identify::Reply{.major = device.major, .minor = device.minor};
}

Result<PseudoTerminal*> Service::master_of(const ipc::Request& request) {
    const Opened* file = TRY(opened_of(request));
    if (file->kind != Opened::Kind::master) {
        return base::fail(Status::not_terminal);
    }
    return file->pair;
}

Result<GetPair::Reply> Service::handle(const GetPair& /*get*/, ipc::Request& request) {
    const PseudoTerminal* pair = TRY(master_of(request));
    return GetPair::Reply{.number = pair->number(),
                          .locked = pair->locked ? 1U : 0U,
                          .packets = pair->packets() ? 1U : 0U};
}

Result<LockPair::Reply> Service::handle(const LockPair& lock, ipc::Request& request) {
    TRY(master_of(request))->locked = lock.locked != 0;
    return LockPair::Reply{};
}

Result<SetPackets::Reply> Service::handle(const SetPackets& set, ipc::Request& request) {
    TRY(master_of(request))->set_packets(set.on != 0);
    settle(request);
    return SetPackets::Reply{};
}

Result<SetExclusive::Reply> Service::handle(const SetExclusive& set, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    const Opened* file = TRY(opened_of(request));
    bool& exclusive =
        file->kind == Opened::Kind::master ? file->pair->exclusive : terminal->exclusive;
    if (set.to != SetExclusive::ask) {
        exclusive = set.to != SetExclusive::off;
    }
    return SetExclusive::Reply{.exclusive = exclusive ? 1U : 0U};
}

Result<SignalForeground::Reply> Service::handle(const SignalForeground& signal,
                                                ipc::Request& request) {
    TRY(master_of(request))->slave().signal_foreground(signal.signal);
    return SignalForeground::Reply{};
}

// ---- input ----------------------------------------------------------------------------------------

Result<input::Keys::Reply> Service::handle(const input::Keys& /*keys*/, ipc::Request& request) {
    if (request.badge() != badge_keyboard) {
        return base::fail(Status::not_permitted);
    }
    // Copied: what the keys do sends messages.
    std::vector<input::Key> keys(request.payload().size() / sizeof(input::Key));
    std::memcpy(keys.data(), request.payload().data(), keys.size() * sizeof(input::Key));
    for (const input::Key& key : keys) {
        const Screen* shown = find_screen(shown_);
        const bool application_cursor = shown != nullptr && shown->line.application_cursor();
        act_on(keyboard_.key(key.code, key.pressed != 0, application_cursor));
    }
    return input::Keys::Reply{.leds = keyboard_.leds()};
}

void Service::act_on(const Keyboard::Event& event) {
    switch (event.action) {
        case Keyboard::Action::input:
            if (Terminal* terminal = find(shown_)) {
                terminal->receive(event.text);
                terminal->take_answers();
            }
            break;
        case Keyboard::Action::show_terminal:
            shown_ = static_cast<std::uint32_t>(event.number);
            (void)ipc::call(around_.screen, display::Show{.terminal = shown_});
            (void)ipc::call(around_.sessions, process::TerminalShown{.number = shown_});
            show_log();
            break;
        case Keyboard::Action::scroll:
            (void)ipc::call(around_.screen, display::Scroll{.pages = event.number});
            break;
        case Keyboard::Action::restart_machine:
            (void)ipc::call(around_.sessions, process::Restart{});
            break;
        case Keyboard::Action::none: break;
    }
}

Result<input::Bytes::Reply> Service::handle(const input::Bytes& bytes, ipc::Request& request) {
    if (request.badge() != badge_serial) {
        return base::fail(Status::not_permitted);
    }
    Terminal* terminal = find(first_serial + bytes.line);
    if (terminal == nullptr) {
        return base::fail(Status::not_found);
    }
    std::string text(request.text());
    // It may be a password, and the next message may be shorter.
    base::wipe(request.reply_payload().data(), text.size());
    const auto taken = static_cast<std::uint32_t>(terminal->receive(text));
    terminal->take_answers();
    base::wipe(text);
    if (terminal->session() == 0) {
        (void)ipc::call(around_.sessions,
                        process::TerminalShown{.number = first_serial + bytes.line});
    }
    return input::Bytes::Reply{.taken = taken};
}

// While the terminal for it is looked at: what is new in the system's log.
void Service::show_log() {
    Screen* screen = find_screen(log_terminal);
    if (shown_ != log_terminal || screen == nullptr || !around_.log) {
        log_looked_at_ = ipc::no_deadline;
        return;
    }
    for (;;) {
        const auto read = around_.log->read(log_position_);
        if (!read || read->text.empty()) {
            break;
        }
        log_position_ = read->next;
        screen->terminal.discipline().write(std::string{ipc::text(read->text)});
    }
    log_looked_at_ = rt::now() + log_period;
}

// ---- time -----------------------------------------------------------------------------------------

std::uint64_t Service::deadline() {
    std::uint64_t earliest = log_looked_at_;
    for (const auto& screen : screens_) {
        earliest = std::min(earliest, screen->terminal.deadline());
    }
    pairs_.for_each(
        [&](PseudoTerminal& pair) { earliest = std::min(earliest, pair.slave().deadline()); });
    return earliest;
}

void Service::on_deadline() {
    if (log_looked_at_ <= rt::now()) {
        show_log();
    }
    for (const auto& screen : screens_) {
        screen->terminal.on_deadline(rt::now());
    }
    pairs_.for_each([](PseudoTerminal& pair) { pair.slave().on_deadline(rt::now()); });
}

}  // namespace tty
