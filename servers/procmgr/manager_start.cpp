// SPDX-License-Identifier: MIT
// Manager: containers that procmgr starts by itself: those of the start table, and those whose
// Cluufile says RESTART.
#include <algorithm>

#include "interfaces/clients.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/model/users.hpp"
#include "servers/procmgr/moves.hpp"

namespace procmgr {
namespace {

constexpr std::uint64_t retry_pause = 500 * rt::millisecond;
constexpr std::uint64_t patience = rt::second;  // with a terminal
constexpr std::size_t tail_bytes = 1000;

// The log's last lines.
std::string log_tail(ipc::Ref<ipc::Log> log) {
    std::string tail;
    std::uint64_t position = 0;
    for (;;) {
        const auto read = log->read(position);
        if (!read || read->text.empty()) {
            break;
        }
        tail += ipc::text(read->text);
        position = read->next;
        if (tail.size() > tail_bytes) {
            const std::size_t line = tail.find('\n', tail.size() - tail_bytes);
            tail.erase(0, line == std::string::npos ? 0 : line + 1);
        }
    }
    return tail;
}

process::ImageDescriptor terminal_descriptor(std::uint32_t number, const fs::Open::Reply& opened) {
    process::ImageDescriptor descriptor{};
    descriptor.descriptor = number;
    descriptor.kind = process::ImageDescriptor::file;
    descriptor.capabilities[0] = 1;  // replaced by the slot in the new table
    descriptor.state[0] = fs::OpenFlags::read | fs::OpenFlags::write;
    descriptor.state[1] = static_cast<std::uint32_t>(opened.kind);
    descriptor.state[2] = opened.terminal;
    descriptor.state[3] = opened.device_major;
    descriptor.state[4] = opened.device_minor;
    return descriptor;
}

// Those that there are, in this order.
ipc::CapabilityList present(std::array<ipc::AnyRef, 4> all) {
    const auto end = std::ranges::remove(all, abi::no_capability, &ipc::AnyRef::index).begin();
    switch (end - all.begin()) {
        case 0:  return {};
        case 1:  return {all[0]};
        case 2:  return {all[0], all[1]};
        case 3:  return {all[0], all[1], all[2]};
        default: return {all[0], all[1], all[2], all[3]};
    }
}

}  // namespace

Async<Result<ipc::Capability<names::View>>> Manager::make_view(const Preparation& how) {
    // Half of the container's memory at most: full files leave its programs something to run with.
    const auto usage = how.bank ? how.bank->query() : base::fail(abi::Error::invalid_capability);
    std::uint64_t most = usage ? usage->limit / 2 : 0;
    if (how.plan.disk_limit != 0) {
        most = std::min(most, how.plan.disk_limit);
    }
    auto rules = mount_rules(how.plan, most);
    if (!rules) {
        co_return base::fail(rules.error());
    }
    bool more = how.names.append(*rules, names::Derive::payload);
    // Other servers may buy from the banks, and no more.
    constexpr std::uint8_t buys = abi::BankRights::create | abi::BankRights::query;
    ipc::Capability<ipc::Bank> payer, disk;
    for (const auto& [copy, bank] : {std::pair{&payer, how.bank}, std::pair{&disk, how.disk}}) {
        if (bank) {
            auto made = ipc::copy(bank, buys);
            if (!made) {
                co_return base::fail(ipc::to_status(made.error()));
            }
            *copy = std::move(*made);
        }
    }
    const ipc::AnyRef from = how.from ? ipc::AnyRef{how.from} : ipc::AnyRef{given.names};
    ipc::Capability<fs::Directory> processes;
    if (processes_of(how.plan) == cluufile::Processes::own) {
        auto made = make_proc(how.container);
        if (!made) {
            co_return base::fail(made.error());
        }
        processes = std::move(*made);
    }
    auto derived = co_await outside.call(
        given.names,
        names::Derive{.identity = {how.identity.user, how.identity.group},
                      .set_identity = 1,
                      .with_bank = (disk ? 1U : 0U) + (payer ? 1U : 0U),
                      .names = how.names.count(),
                      .more = more ? 1U : 0U,
                      .with_given = processes ? 1U : 0U,
                      .traced = how.traced ? 1U : 0U},
        {.payload = *rules, .capabilities = present({disk, payer, from, processes})});
    if (!derived) {
        co_return base::fail(ipc::to_status(derived.error()));
    }
    auto view = derived->take<names::View>();
    while (more) {
        rules->clear();
        more = how.names.append(*rules, names::Grant::payload);
        const auto granted =
            co_await outside.call(view, names::Grant{.more = more ? 1U : 0U}, {.payload = *rules});
        if (!granted) {
            co_return base::fail(ipc::to_status(granted.error()));
        }
    }
    co_return std::move(view);
}

// What USER says. Only user 0 can make somebody else of a program.
Async<base::Result<Identity, Refusal>> Manager::identity_of(const Plan& plan, Identity starter) {
    if (plan.user.empty()) {
        co_return starter;
    }
    const std::string written = plan.user + (plan.group.empty() ? "" : ":" + plan.group);
    const auto users = co_await images.read("/etc/passwd");
    const auto groups = co_await images.read("/etc/group");
    const auto found = find_user(plan.user, plan.group, users ? *users : std::string{},
                                 groups ? *groups : std::string{});
    if (!found) {
        co_return base::fail(
            Refusal{Status::invalid, plan.image + ": USER " + written + ": there is none"});
    }
    if (starter.user != 0 && *found != starter) {
        co_return base::fail(
            Refusal{Status::not_permitted,
                    plan.image + ": USER " + written + ": only user 0 may start it as another"});
    }
    co_return *found;
}

Async<Result<void>> Manager::check_directory(ipc::Ref<names::View> view, std::string path) {
    const auto answer = co_await outside.call(view, fs::GetPathAttributes{.follow = 1},
                                              {.payload = ipc::bytes(path)});
    fs::Attributes attributes;
    if (!answer) {
        co_return base::fail(ipc::to_status(answer.error()));
    }
    const bool is_directory =
        ipc::read_payload(answer->payload, attributes) && attributes.kind == fs::Kind::directory;
    co_return is_directory ? Result<void>{} : base::fail(Status::not_directory);
}

ipc::AnyRef Manager::program_source(const Plan& plan, ipc::Ref<names::View> view) const {
    return !plan.files.empty() ? ipc::AnyRef{view} : ipc::AnyRef{given.names};
}

Async<base::Result<Manager::Prepared, Refusal>> Manager::prepare(Preparation how) {
    Prepared prepared;
    const Plan& plan = how.plan;
    if (plan.program.empty()) {
        co_return base::fail(Refusal{Status::not_executable, {}});
    }
    const auto identity = co_await identity_of(plan, how.identity);
    if (!identity) {
        co_return base::fail(identity.error());
    }
    how.identity = prepared.identity = *identity;
    if (plan.shows_files()) {
        auto view = co_await make_view(how);
        if (!view) {
            const bool confined = view.error() == Status::unsupported && !plan.volumes.empty();
            co_return base::fail(Refusal{
                view.error(), confined ? plan.image + ": -v: not for a starter that is confined to "
                                                      "names: they say nothing of other paths"
                                       : std::string{}});
        }
        prepared.view = std::move(*view);
    }
    if (!plan.directory.empty()) {
        const auto there = prepared.view ? co_await check_directory(prepared.view, plan.directory)
                                         : base::fail(Status::not_found);
        if (!there) {
            co_return base::fail(
                Refusal{there.error(), plan.image + ": WORKDIR " + plan.directory +
                                           ": the container has no such directory"});
        }
    }
    auto opened =
        co_await outside.call(program_source(plan, prepared.view),
                              fs::Open{.flags = fs::OpenFlags::read | fs::OpenFlags::execute},
                              {.payload = ipc::bytes(plan.program)});
    if (!opened) {
        co_return base::fail(Refusal{ipc::to_status(opened.error()), {}});
    }
    if (opened->reply.kind != fs::Kind::regular) {
        co_return base::fail(Refusal{Status::not_executable, {}});
    }
    prepared.executable = opened->take<fs::File>();
    co_return std::move(prepared);
}

void Manager::run_start_table(const StartTable& entries, std::string_view command_line,
                              std::string_view notice) {
    for (const std::string& complaint : entries.complaints) {
        rt::log("/etc/procmgr.table: ", std::string_view{complaint});
    }
    for (const StartEntry& entry : entries.entries) {
        const bool wanted = entry.condition.empty() || has_word(command_line, entry.condition);
        if (wanted && (entry.forbidden.empty() || !has_word(command_line, entry.forbidden))) {
            entries_.push_back({.entry = entry, .notice = std::string{notice}});
        }
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (!entries_[i].entry.when_shown && !entries_[i].entry.is_service) {
            start_entry(static_cast<int>(i));
        }
    }
}

void Manager::start_shown(std::uint32_t number) {
    const std::string terminal = path_of_terminal(number);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        StartEntry& entry = entries_[i].entry;
        if (entry.terminal == terminal && std::exchange(entry.when_shown, false)) {
            start_entry(static_cast<int>(i));
        }
    }
}

// Said once, on the log and on the entry's terminal; there with the log's end, which tells the cause.
void Manager::retry_entry(int index, std::string_view why) {
    Entry& entry = entries_[static_cast<std::size_t>(index)];
    if (!entry.complained) {
        entry.complained = true;
        rt::log(std::string_view{entry.entry.image}, " cannot be started, trying again: ", why);
        entry.notice = "\nNobody can log in: " + entry.entry.image + " cannot be started, ";
        entry.notice += why;
        entry.notice += ".\nIt is tried again and again. The system's log ends so:\n\n";
        entry.notice += log_tail(given.log);
    }
    if (!shutting_down_) {
        timers.set({.kind = TimerKind::restart,
                    .pid = 1,
                    .number = static_cast<std::uint32_t>(index),
                    .deadline_ns = rt::now() + retry_pause});
    }
}

Task Manager::start_entry(int index) {
    const StartEntry entry = entries_[static_cast<std::size_t>(index)].entry;
    ipc::Capability<fs::File> terminal;
    fs::Open::Reply opened_as;
    if (!entry.terminal.empty()) {
        auto opened = co_await outside.call(
            given.names, fs::Open{.flags = fs::OpenFlags::read | fs::OpenFlags::write},
            {.payload = ipc::bytes(entry.terminal)});
        if (!opened) {
            retry_entry(index, ipc::name_of(opened.error()));
            co_return;
        }
        opened_as = opened->reply;
        terminal = opened->take<fs::File>();
        const std::string notice =
            std::exchange(entries_[static_cast<std::size_t>(index)].notice, {});
        if (!notice.empty()) {
            (void)co_await outside.call(
                terminal, fs::Write{},
                {.payload = ipc::bytes(notice), .deadline = rt::now() + patience});
        }
    }
    const ImageLookup image = co_await images.find(entry.image);
    if (image.outcome != ImageLookup::Outcome::found) {
        retry_entry(index, image.complaint.empty() ? "there is no such image" : image.complaint);
        co_return;
    }
    if (const std::string lacking = missing_dependency(image.plan, 0); !lacking.empty()) {
        retry_entry(index, lacking);
        co_return;
    }
    ImageBlock block;
    block.arguments = {entry.image};
    block.environment = {"PATH=/bin:/usr/bin", "TERM=xterm-256color", "HOME=/"};
    block.directory = "/";
    GrantedNames granted{image.plan, block, 0};
    // Its number, before it is there: its view has a /proc of its own.
    ContainerStart start{.plan = image.plan, .id = next_container_++, .start_entry = index};
    auto prepared = co_await prepare({.plan = image.plan, .names = granted, .container = start.id});
    if (!prepared) {
        const Refusal& why = prepared.error();
        retry_entry(index, why.complaint.empty() ? ipc::name_of(why.status)
                                                 : std::string_view{why.complaint});
        co_return;
    }
    for (std::uint32_t number = 0; terminal && number < 3; ++number) {
        block.descriptors.push_back(terminal_descriptor(number, opened_as));
    }
    apply(image.plan, block);
    start_process(std::move(start), block, std::move(*prepared), std::move(terminal));
}

void Manager::start_process(ContainerStart&& start, ImageBlock& block, Prepared&& prepared,
                            ipc::Capability<fs::File> terminal) {
    const int index = start.start_entry;
    const auto added = table.add(ProcessTable::self);
    auto container =
        added ? add_container(std::move(start)) : Result<Container*>{base::fail(added.error())};
    if (!container) {
        if (added) {
            table.remove((*added)->pid);
        }
        retry_entry(index, ipc::name_of(container.error()));
        return;
    }
    Process& process = **added;
    (void)table.make_session(process.pid);
    process.become(prepared.identity);
    process.executed = true;
    process.started_ns = rt::now();
    note_program(process, block);
    const bool has_terminal = static_cast<bool>(terminal);
    ipc::Capability<fs::File> controlling;
    if (has_terminal) {
        if (auto copy = ipc::copy(terminal.ref())) {
            controlling = std::move(*copy);
        }
    }
    std::vector<abi::Placement> gifts = copies_of(terminal, block);
    if (const auto& service = entries_[static_cast<std::size_t>(index)].endpoint) {
        gifts.push_back(ipc::copied(service, abi::EndpointRights::receive, process::own_service));
    }
    FreshImage fresh{.container = *container,
                     .process = &process,
                     .block = &block,
                     .view = SharedView{std::move(prepared.view)},
                     .executable = prepared.executable,
                     .given = std::move(gifts)};
    auto body = build_image(fresh);
    if (!body) {
        forget_container(**container);
        table.remove(process.pid);
        retry_entry(index, ipc::name_of(body.error()));
        return;
    }
    entries_[static_cast<std::size_t>(index)].complained = false;
    const std::uint32_t serial = body->serial;
    const Pid pid = process.pid;
    adopt_body(process, std::move(*body), **container);
    if (!has_terminal) {
        start_body(process);
        return;
    }
    start_on_terminal(pid, serial, std::move(controlling));
}

// The terminal is the session's before its first instruction runs.
Task Manager::start_on_terminal(Pid pid, std::uint32_t serial, ipc::Capability<fs::File> terminal) {
    const auto attached = co_await attach_session(pid, serial, true, std::move(terminal));
    if (!attached) {
        rt::log("no terminal for process ", pid, ": ", attached.error());
    }
    Process* process = table.find(pid);
    if (process != nullptr && body_of(pid, serial) != nullptr) {
        start_body(*process);
    }
}

Task Manager::restart_container(std::uint32_t id) {
    auto found = containers_.find(id);
    if (found == containers_.end() || !found->second.kit || found->second.processes != 0 ||
        shutting_down_) {
        co_return;
    }
    auto starter = ipc::copy(found->second.kit->starter_view.ref());
    // Without the starter's view it would be derived from procmgr's own.
    if (!starter || !missing_dependency(found->second.plan, found->second.user).empty()) {
        timers.set(
            {.kind = TimerKind::restart, .number = id, .deadline_ns = rt::now() + retry_pause});
        co_return;
    }
    const Identity identity = found->second.kit->by.identity;
    const Plan plan = found->second.plan;
    ImageBlock block = found->second.kit->block;
    GrantedNames granted{plan, block, 0, found->second.kit->by.first_argument};
    make_room_for_trace(found->second);
    const bool paid = give_bank(found->second).has_value();
    auto prepared =
        co_await prepare({.plan = plan,
                          .names = granted,
                          .from = *starter,
                          .identity = identity,
                          .bank = paid ? found->second.bank.ref() : ipc::Ref<ipc::Bank>{},
                          .disk = paid ? found->second.disk.ref() : ipc::Ref<ipc::Bank>{},
                          .container = id,
                          .traced = found->second.traced()});
    found = containers_.find(id);
    if (found == containers_.end() || !found->second.kit || found->second.stopping) {
        co_return;
    }
    Container& container = found->second;
    if (prepared) {
        keep_trace(container, prepared->view.ref());
    }
    const auto bank = give_bank(container);
    if (bank) {
        take_log_back(container);
    }
    const auto added = table.add(ProcessTable::self);
    if (!prepared || !bank || !added) {
        container.start_failure = prepared || prepared.error().complaint.empty()
                                      ? "no room for it"
                                      : prepared.error().complaint;
        rt::log(std::string_view{container.name},
                " could not be restarted: ", std::string_view{container.start_failure});
        if (added) {
            table.remove((*added)->pid);
        }
        give_up_restart(container);
        settle_container(id);
        co_return;
    }
    Process& process = **added;
    (void)table.make_session(process.pid);
    process.become(prepared->identity);
    process.images = container.kit->by.images;
    process.executed = true;
    process.started_ns = container.started_ns = rt::now();
    container.state = container::State::running;
    container.main = 0;
    ++container.restarts;
    note_program(process, block);
    FreshImage fresh{.container = &container,
                     .process = &process,
                     .block = &block,
                     .view = SharedView{std::move(prepared->view)},
                     .executable = prepared->executable,
                     .given = copies(block)};
    auto body = build_image(fresh);
    if (!body) {
        container.start_failure = "no room for it";
        rt::log(std::string_view{container.name}, " could not be restarted: ", body.error());
        table.remove(process.pid);
        container.kit.reset();
        join_container(container);
        leave_container(id, 0, container.status, 0);
        co_return;
    }
    adopt_body(process, std::move(*body), container);
    start_body(process);
}

}  // namespace procmgr
