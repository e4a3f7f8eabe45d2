// SPDX-License-Identifier: MIT
#include "servers/tty/service.hpp"

#include <charconv>
#include <cstring>

#include "libs/rt/clock.hpp"

namespace tty {

namespace {

using interfaces::Status;

constexpr std::uint32_t major_terminal = 4;
constexpr std::uint32_t virtual_terminals = 6;
constexpr std::uint32_t first_serial = 64;
constexpr std::uint32_t serial_lines = 2;
constexpr std::uint64_t device_number = 5;  // what fstat says of the file system of terminals

}  // namespace

Service::Service(const Surroundings& around) : around_(around) {
    if (around.screen) {
        for (std::uint32_t minor = 1; minor <= virtual_terminals; ++minor) {
            terminals_.push_back(std::make_unique<Terminal>(minor, around.screen));
        }
    }
    if (around.serial) {
        for (std::uint32_t line = 0; line < serial_lines; ++line) {
            terminals_.push_back(std::make_unique<Terminal>(first_serial + line, around.serial));
        }
    }
}

Terminal* Service::find(std::uint32_t minor) {
    for (const auto& terminal : terminals_) {
        if (terminal->minor() == minor) {
            return terminal.get();
        }
    }
    return nullptr;
}

Result<Service::Opened*> Service::opened_of(const ipc::Request& request) {
    const auto found = opened_.find(request.badge());
    if (found == opened_.end()) {
        return base::fail(Status::bad_handle);
    }
    return &found->second;
}

Result<Terminal*> Service::terminal_of(const ipc::Request& request) {
    return TRY(opened_of(request))->terminal;
}

// ---- fs -------------------------------------------------------------------------------------------

// By its minor number in a directory; an open File (no path) is the terminal itself.
Result<Terminal*> Service::named_terminal(const ipc::Request& request) {
    if (request.badge() != badge_virtual_directory && request.badge() != badge_console_directory) {
        if (request.badge() < badge_opened_first || !request.payload().empty()) {
            return base::fail(Status::unsupported);
        }
        return terminal_of(request);
    }
    const std::string_view path = request.text();
    std::uint32_t minor = 0;
    const auto parsed = std::from_chars(path.data(), path.data() + path.size(), minor);
    if (parsed.ec != std::errc{} || parsed.ptr != path.data() + path.size()) {
        return base::fail(Status::not_found);
    }
    Terminal* terminal = find(minor);
    if (request.badge() == badge_console_directory) {
        // /dev/console is the first terminal that there is.
        terminal = minor == 1 && !terminals_.empty() ? terminals_.front().get() : nullptr;
    }
    if (terminal == nullptr) {
        return base::fail(Status::not_found);
    }
    return terminal;
}

Result<fs::Open::Reply> Service::handle(const fs::Open& open, ipc::Request& request) {
    Terminal* terminal = TRY(named_terminal(request));
    const std::uint64_t badge = next_badge_++;
    auto file = ipc::mint<fs::File>(
        around_.endpoint,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!file) {
        return base::fail(ipc::to_status(file.error()));
    }
    opened_.emplace(badge, Opened{terminal, open.flags & fs::OpenFlags::changeable});
    request.add_capability(std::move(*file));
    return fs::Open::Reply{.kind = fs::Kind::character_device,
                           .terminal = 1,
                           .device_major = major_terminal,
                           .device_minor = terminal->minor(),
                           .inode = terminal->minor(),
                           .device = device_number};
}

Result<fs::Read::Reply> Service::handle(const fs::Read& read, ipc::Request& request) {
    const Opened* file = TRY(opened_of(request));
    fs::Read how = read;
    how.flags |= file->never_waits() ? fs::Read::no_wait : 0;
    return file->terminal->read(how, request, rt::now());
}

Result<fs::Write::Reply> Service::handle(const fs::Write& write, ipc::Request& request) {
    const Opened* file = TRY(opened_of(request));
    fs::Write how = write;
    how.flags |= file->never_waits() ? fs::Write::no_wait : 0;
    return file->terminal->write(how, request);
}

Result<fs::Poll::Reply> Service::handle(const fs::Poll& poll, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    return terminal->poll(poll, request);
}

Result<fs::GetAttributes::Reply> Service::handle(const fs::GetAttributes& /*get*/,
                                                 ipc::Request& request) {
    const Terminal* terminal = TRY(terminal_of(request));
    fs::Attributes attributes;
    attributes.device = device_number;
    attributes.inode = terminal->minor();
    attributes.kind = fs::Kind::character_device;
    attributes.mode = 0620;
    attributes.links = 1;
    attributes.block_size = 1024;
    attributes.device_major = major_terminal;
    attributes.device_minor = terminal->minor();
    request.set_reply_object(attributes);
    return fs::GetAttributes::Reply{};
}

Result<fs::SetStatusFlags::Reply> Service::handle(const fs::SetStatusFlags& set,
                                                  ipc::Request& request) {
    Opened* file = TRY(opened_of(request));
    const std::uint32_t mask = set.mask & fs::OpenFlags::changeable;
    file->flags = (file->flags & ~mask) | (set.value & mask);
    return fs::SetStatusFlags::Reply{.flags = file->flags};
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
    TRY(terminal->set_foreground(set));
    return SetForeground::Reply{};
}

Result<Attach::Reply> Service::handle(const Attach& attach, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    TRY(terminal->attach(attach, request.take<process::Session>()));
    return Attach::Reply{};
}

Result<Detach::Reply> Service::handle(const Detach& detach, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    terminal->detach(detach.session);
    return Detach::Reply{};
}

Result<Flush::Reply> Service::handle(const Flush& flush, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    terminal->flush(flush.queues);
    return Flush::Reply{};
}

Result<Pending::Reply> Service::handle(const Pending& /*pending*/, ipc::Request& request) {
    Terminal* terminal = TRY(terminal_of(request));
    return Pending::Reply{.input = static_cast<std::uint32_t>(terminal->discipline().pending())};
}

Result<Identify::Reply> Service::handle(const Identify& /*identify*/, ipc::Request& request) {
    const Terminal* terminal = TRY(terminal_of(request));
    return Identify::Reply{.major = major_terminal, .minor = terminal->minor()};
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
        act_on(keyboard_.key(key.code, key.pressed != 0));
    }
    return input::Keys::Reply{.leds = keyboard_.leds()};
}

void Service::act_on(const Keyboard::Event& event) {
    switch (event.action) {
        case Keyboard::Action::input:
            if (Terminal* terminal = find(shown_)) {
                terminal->receive(event.text);
            }
            break;
        case Keyboard::Action::show_terminal:
            shown_ = static_cast<std::uint32_t>(event.number);
            (void)ipc::call(around_.screen, display::Show{.terminal = shown_});
            break;
        case Keyboard::Action::scroll:
            (void)ipc::call(around_.screen, display::Scroll{.pages = event.number});
            break;
        case Keyboard::Action::restart_machine:
        case Keyboard::Action::none:            break;
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
    const std::string text(request.text());
    terminal->receive(text);
    return input::Bytes::Reply{.taken = static_cast<std::uint32_t>(text.size())};
}

// ---- time -----------------------------------------------------------------------------------------

std::uint64_t Service::deadline() {
    std::uint64_t earliest = ipc::no_deadline;
    for (const auto& terminal : terminals_) {
        earliest = std::min(earliest, terminal->deadline());
    }
    return earliest;
}

void Service::on_deadline() {
    for (const auto& terminal : terminals_) {
        terminal->on_deadline(rt::now());
    }
}

}  // namespace tty
