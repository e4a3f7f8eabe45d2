// SPDX-License-Identifier: MIT
// Manager: containers come and go.
#include <algorithm>

#include "libs/base/scope_guard.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

constexpr std::size_t max_kept = 64;  // exited containers that the list remembers
constexpr std::uint32_t max_depth = 32;
constexpr std::uint32_t usual_processes = 256;  // in a container whose Cluufile names no limit
constexpr std::uint64_t cpu_period = 20 * rt::millisecond;
constexpr std::uint64_t quick_end = 2 * rt::second;
constexpr std::uint64_t first_pause = 100 * rt::millisecond;
constexpr std::uint64_t longest_pause = 30 * rt::second;

// Those that the start table names have no limit but the system's.
std::uint32_t process_limit_of(const ContainerStart& start) {
    constexpr std::uint32_t whole = ProcessTable::max_processes;
    const std::uint32_t outer = start.starter != nullptr ? start.starter->process_limit : whole;
    const std::uint32_t usual = start.starter != nullptr ? usual_processes : whole;
    return std::min(outer, start.plan.process_limit != 0 ? start.plan.process_limit : usual);
}

std::uint32_t descriptor_limit_of(const ContainerStart& start) {
    constexpr std::uint32_t most = cluufile::max_descriptor_limit;
    const std::uint32_t outer = start.starter != nullptr ? start.starter->descriptor_limit : most;
    return std::min(outer, start.plan.descriptor_limit != 0 ? start.plan.descriptor_limit : most);
}

// What a person is told whose session did not end by itself.
std::string end_notice(std::string_view image, std::uint32_t status) {
    const std::uint32_t signal = status & 0x7f;
    if (signal == 0) {
        return {};
    }
    std::string text = "\nThe session has ended: ";
    text += image;
    text += signal == signal_number::bus ? " could no longer be read from its file system.\n"
                                         : " was ended by a signal.\n";
    return text;
}

}  // namespace

Container* Manager::container_of(const Process& process) {
    const auto found = containers_.find(process.container);
    return found == containers_.end() ? nullptr : &found->second;
}

Result<Container*> Manager::add_container(ContainerStart&& start) {
    if (shutting_down_) {
        return base::fail(Status::limit);
    }
    const auto whole = containers_bank_->query();
    if (!whole) {
        return base::fail(ipc::to_status(whole.error()));
    }
    if (container_name_taken(start.name)) {
        return base::fail(Status::exists);
    }
    if (start.starter != nullptr && start.starter->depth == max_depth) {
        return base::fail(Status::limit);
    }
    Container container;
    const bool is_numbered = start.id != 0 && !containers_.contains(start.id);
    container.id = is_numbered ? start.id : number_container();
    container.name =
        start.name.empty() ? start.plan.image + "-" + decimal(container.id) : std::move(start.name);
    const std::uint64_t outer =
        start.starter != nullptr ? start.starter->memory_limit : whole->limit;
    container.memory_limit =
        start.plan.memory_limit != 0 ? std::min(start.plan.memory_limit, outer) : outer;
    container.process_limit = process_limit_of(start);
    container.descriptor_limit = descriptor_limit_of(start);
    container.starter = start.starter != nullptr ? start.starter->id : 0;
    container.depth = start.starter != nullptr ? start.starter->depth + 1 : 0;
    container.plan = std::move(start.plan);
    TRY(give_bank(container));
    container.user = start.user;
    container.by_name = start.by_name;
    container.flags = start.flags;
    container.start_entry = start.start_entry;
    container.started_ns = rt::now();
    if (Container* around = starter_of(container)) {
        ++around->inner;
    }
    const std::uint32_t id = container.id;
    return &containers_.emplace(id, std::move(container)).first->second;
}

Container* Manager::starter_of(const Container& container) {
    const auto found = containers_.find(container.starter);
    return found == containers_.end() ? nullptr : &found->second;
}

std::string Manager::around(const Container& container) {
    std::string names;
    for (const Container* at = starter_of(container); at != nullptr; at = starter_of(*at)) {
        names += (names.empty() ? "" : ", ") + at->name;
    }
    return names;
}

bool Manager::is_inside(std::uint32_t inner, std::uint32_t outer) {
    const auto found = containers_.find(inner);
    Container* around = found == containers_.end() ? nullptr : starter_of(found->second);
    while (around != nullptr && around->id != outer) {
        around = starter_of(*around);
    }
    return around != nullptr;
}

bool Manager::sees(std::uint32_t container, const Process& process) {
    return container == 0 || process.container == container ||
           is_inside(process.container, container);
}

// A bank inside the starter's, unless it still has one for those inside.
Result<void> Manager::give_bank(Container& container) {
    if (container.bank) {
        return {};
    }
    const Container* around = starter_of(container);
    const auto& parent = around != nullptr ? around->bank : containers_bank_;
    auto bank = parent->create_bank(container.memory_limit);
    if (!bank) {
        return base::fail(ipc::to_status(bank.error()));
    }
    if (container.plan.cpu_limit != 0) {
        auto context = (*bank)->create_sched_context(
            around != nullptr ? cpu_of(*around) : ipc::own_sched_context(),
            {.priority = process_priority,
             .budget_ns = cpu_period / 100 * container.plan.cpu_limit,
             .period_ns = cpu_period});
        if (!context) {
            (void)(*bank)->destroy();
            return base::fail(ipc::to_status(context.error()));
        }
        container.cpu = std::move(*context);
    }
    if (container.plan.disk_limit != 0) {
        auto disk = (*bank)->create_bank(container.plan.disk_limit);
        if (!disk) {
            (void)(*bank)->destroy();
            container.cpu.reset();
            return base::fail(ipc::to_status(disk.error()));
        }
        container.disk = std::move(*disk);
    }
    container.bank = std::move(*bank);
    return {};
}

ipc::Ref<ipc::SchedContext> Manager::cpu_of(const Container& container) {
    for (const Container* at = &container; at != nullptr; at = starter_of(*at)) {
        if (at->cpu) {
            return at->cpu;
        }
    }
    return ipc::own_sched_context();
}

bool Manager::has_room(const Container& container) {
    for (const Container* at = &container; at != nullptr; at = starter_of(*at)) {
        if (at->all_processes >= at->process_limit) {
            return false;
        }
    }
    return true;
}

void Manager::join_container(Container& container) {
    ++container.processes;
    for (Container* at = &container; at != nullptr; at = starter_of(*at)) {
        ++at->all_processes;
    }
}

bool Manager::container_name_taken(std::string_view name) const {
    return !name.empty() && std::ranges::any_of(containers_, [name](const auto& entry) {
        return entry.second.name == name && !entry.second.forgotten;
    });
}

void Manager::forget_container(Container& container) {
    container.forgotten = true;
    settle_container(container.id);
}

// What an ended container still holds goes as soon as nothing is inside it any more, and then
// perhaps what its starter holds.
void Manager::settle_container(std::uint32_t id) {
    for (auto found = containers_.find(id); found != containers_.end();) {
        Container& container = found->second;
        if (container.processes != 0 || container.inner != 0) {
            return;
        }
        timers.clear(TimerKind::time, 0, id);
        if (container.bank) {
            move_logs_out(container);
            (void)container.bank->destroy();
            container.bank.reset();
            container.disk.reset();
            container.cpu.reset();
        }
        if (container.kit) {
            return;  // it will start again
        }
        container.start_view = {};
        const auto around = containers_.find(std::exchange(container.starter, 0));
        if (container.forgotten) {
            forget_log(container);
            containers_.erase(found);
        }
        if (around == containers_.end()) {
            return;
        }
        --around->second.inner;
        found = around;
    }
}

ImageRequest Manager::request_for(const Process& process, const Container& container) {
    return {.process = &process,
            .container_name = container.name,
            .container_bank = container.bank,
            .cpu = cpu_of(container),
            .memory_limit = container.memory_limit,
            .descriptor_limit = container.descriptor_limit,
            .view = {},
            .executable = {},
            .has_terminal = has_terminal(process),
            .may_log = container.has(cluufile::Profile::admin),
            .starts_named = container.plan.grants.starts(),
            .serial = next_serial(),
            .places = &places_};
}

// All that can fail for want of memory happens before anything is moved.
Result<Body> Manager::build_image(FreshImage& fresh) {
    fresh.block->executable = executable_slot;
    const auto block = TRY(procmgr::build_image(*fresh.block));
    ImageRequest request = request_for(*fresh.process, *fresh.container);
    request.view = fresh.view;
    request.executable = fresh.executable;
    auto body = builder_.create(request, block);
    if (!body) {
        return base::fail(ipc::to_status(body.error()));
    }
    base::ScopeGuard undo{[&] { body->destroy(); }};
    auto filled = body->table->fill(fresh.given);
    if (filled) {
        fresh.moving = true;
        filled = body->table->fill(fresh.moved, fresh.moved_from);
    }
    if (!filled) {
        return base::fail(ipc::to_status(filled.error()));
    }
    undo.dismiss();
    return std::move(*body);
}

void Manager::adopt_body(Process& process, Body&& body, Container& container) {
    process.container = container.id;
    join_container(container);
    if (container.main == 0) {
        container.main = process.pid;
        note_run(container);
        begin_checks(container);
        if (const std::uint64_t most = container.plan.time_limit_ms; most != 0) {
            timers.set({.kind = TimerKind::time,
                        .number = container.id,
                        .deadline_ns = rt::now() + most * rt::millisecond});
        }
    }
    bodies_.insert_or_assign(process.pid, std::move(body));
}

void Manager::start_body(Process& process) {
    const Body& body = *body_of(process.pid);
    const auto started = body.thread->start(
        {.rip = body.entry, .rsp = body.stack, .gs_base = process::linux_threads + abi::page_size});
    if (!started) {
        rt::log(std::string_view{process.name}, " cannot be started: ", started.error());
        end_process(process.pid, signal_number::kill);
    }
}

void Manager::leave_container(std::uint32_t id, Pid pid, std::uint32_t status,
                              std::uint64_t cpu_ns) {
    const auto found = containers_.find(id);
    if (found == containers_.end()) {
        return;
    }
    Container& container = found->second;
    container.ended_cpu_ns += cpu_ns;
    if (container.main == pid) {
        container.status = status;
    }
    if (container.check == pid && pid != 0) {
        container.check = 0;
        note_check(container, status == 0);
    }
    for (Container* at = &container; at != nullptr; at = starter_of(*at)) {
        --at->all_processes;
    }
    if (--container.processes == 0) {
        // Answered when all that it had is free again.
        std::vector<ipc::PendingReply> stoppers = std::move(container.stoppers);
        end_container(container);
        settle_container(id);
        for (ipc::PendingReply& stopper : stoppers) {
            (void)stopper.answer<container::Stop>({});
        }
        stop_those_that_waited_for(id);
    } else if (container.main == pid) {
        end_checks(container);
    }
}

// How an earlier run ended says nothing of this one.
void Manager::note_run(Container& container) {
    container.cause = container::Cause::none;
    container.ended_by = container::nobody;
    container.signalled = 0;
    container.ended_before.clear();
    container.met_process_limit = false;
    container.ended_ns = 0;
}

// Its last process is gone.
void Manager::end_container(Container& container) {
    using cluufile::RestartPolicy;
    container.state = container::State::exited;
    container.ended_ns = rt::now();
    if (container.cause == container::Cause::none && container.signalled != 0 &&
        container.signalled == (container.status & 0x7f)) {
        container.cause = container::Cause::signalled;
        container.ended_by = container.signalled_by;
    }
    queues.forget(container.id);
    timers.clear(TimerKind::stop, 0, container.id);
    end_checks(container);
    container.waits_for.clear();
    answer_health(container);
    container.health = container::Health::none;
    const std::uint64_t lived = rt::now() - container.started_ns;
    const bool by_table = container.start_entry >= 0;
    std::uint32_t& failures =
        by_table ? entries_[static_cast<std::size_t>(container.start_entry)].failures
                 : container.failures;
    const bool asked = std::exchange(container.restart_asked, false);
    // One that can tell has worked when it has been healthy.
    const bool worked = container.plan.check.empty() && lived > quick_end;
    failures = worked || asked ? 0 : failures + 1;
    const std::uint64_t pause =
        failures == 0 ? 0 : std::min(first_pause << std::min(failures - 1, 10U), longest_pause);
    if (by_table) {
        const auto entry = static_cast<std::uint32_t>(container.start_entry);
        container.forgotten = true;
        if (!shutting_down_) {
            entries_[entry].notice = end_notice(container.plan.image, container.status);
            timers.set({.kind = TimerKind::restart,
                        .pid = 1,
                        .number = entry,
                        .deadline_ns = rt::now() + pause});
        }
        return;
    }
    const auto& restart = container.plan.restart;
    container.gave_up = !asked && !container.stopping && container.kit &&
                        restart.policy == RestartPolicy::on_failure && container.status != 0 &&
                        container.failures > restart.attempts;
    const bool wanted = asked || restart.policy == RestartPolicy::always ||
                        (restart.policy == RestartPolicy::on_failure && container.status != 0 &&
                         container.failures <= restart.attempts);
    if (wanted && container.kit && (asked || !container.stopping) && !shutting_down_) {
        container.stopping = false;
        timers.set({.kind = TimerKind::restart,
                    .number = container.id,
                    .deadline_ns = rt::now() + (asked ? 0 : pause)});
        return;
    }
    give_up_restart(container);
}

// It has ended for good; the container is still there afterwards.
void Manager::give_up_restart(Container& container) {
    container.kit.reset();
    container.forgotten =
        !container.by_name || (container.flags & container::ConfigureNext::forget) != 0;
    answer_watchers(container);
    const auto kept = [&](const auto& entry) {
        const Container& one = entry.second;
        return one.state == container::State::exited && !one.forgotten && !one.kit &&
               one.id != container.id;
    };
    if (static_cast<std::size_t>(std::ranges::count_if(containers_, kept)) >= max_kept) {
        forget_container(std::ranges::find_if(containers_, kept)->second);
    }
}

std::vector<Pid> Manager::processes_within(std::uint32_t container) {
    std::vector<Pid> all;
    table.for_each([&](const Process& process) {
        const bool within =
            process.container == container || is_inside(process.container, container);
        if (within && process.life != Life::zombie) {
            all.push_back(process.pid);
        }
    });
    return all;
}

void Manager::note_cause(const Process& process, container::Cause cause) {
    if (Container* container = container_of(process); container != nullptr) {
        container->cause = cause;
    }
}

// Its first process is told, and says it on standard error; a moment later all are ended.
void Manager::end_for_time(Container& container) {
    constexpr std::uint64_t moment = 500 * rt::millisecond;
    Body* body = body_of(container.main);
    if (container.cause != container::Cause::time && body != nullptr) {
        container.cause = container::Cause::time;
        process::SignalPage::Info why{};
        why.code = process::SignalPage::time_is_over;
        (void)set_pending(body->signals(), signal_number::kill, why);
        (void)body->thread->interrupt();
        timers.set(
            {.kind = TimerKind::time, .number = container.id, .deadline_ns = rt::now() + moment});
        return;
    }
    if (container.state == container::State::running) {
        container.cause = container::Cause::time;
    }
    for (const Pid pid : processes_within(container.id)) {
        end_process(pid, signal_number::kill);
    }
}

// It has ended, and will not start again.
void Manager::answer_watchers(Container& container) {
    if (container.kit) {
        return;
    }
    answer_log_readers(container);
    for (ipc::PendingReply& waiter : std::exchange(container.awaiting, {})) {
        (void)waiter.answer<container::Await>({.status = container.status});
    }
}

std::uint64_t Manager::memory_of(const Container& container) {
    if (container.state != container::State::running || !container.bank) {
        return 0;
    }
    const auto usage = container.bank->query();
    return usage ? usage->charged : 0;
}

}  // namespace procmgr
