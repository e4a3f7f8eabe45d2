// SPDX-License-Identifier: MIT
// Manager: containers that need each other (DEPENDS), and whether they do what they are there for
// (HEALTHCHECK).
//
// Order. One is only started while those that it depends on run, and are healthy, if they can tell. One
// that others depend on is only told to end when these have ended (waits_for).
//
// Health. Every so often a program runs inside the container, with the first process's view and
// identity and without descriptors; its exit status counts. One that still runs when the next is due is
// ended, and was not good.
#include <algorithm>

#include "libs/rt/clock.hpp"
#include "servers/procmgr/manager.hpp"
#include "servers/procmgr/moves.hpp"

namespace procmgr {
namespace {

bool is_available(const Container& container) {
    using container::Health;
    const bool able = container.health == Health::none || container.health == Health::healthy;
    return container.state == container::State::running && !container.stopping && able;
}

}  // namespace

std::string Manager::missing_dependency(const Plan& plan, std::uint32_t user) {
    for (const std::string& image : plan.depends) {
        bool runs = false, available = false;
        for (const auto& [id, container] : containers_) {
            const bool meant = container.plan.image == image && container.user == user;
            runs = runs || (meant && container.state == container::State::running);
            available = available || (meant && is_available(container));
        }
        if (!available) {
            return plan.image + ": DEPENDS " + image +
                   (runs ? ": it is not healthy" : ": no container of it runs");
        }
    }
    return {};
}

// While another container of the same image runs on, it can do without this one.
bool Manager::depends_on(const Container& dependent, const Container& container) {
    if (dependent.processes == 0 || dependent.user != container.user ||
        std::ranges::find(dependent.plan.depends, container.plan.image) ==
            dependent.plan.depends.end()) {
        return false;
    }
    return std::ranges::none_of(containers_, [&](const auto& entry) {
        const Container& other = entry.second;
        return other.id != container.id && other.plan.image == container.plan.image &&
               other.user == container.user && is_available(other);
    });
}

// There are no circles: stop_container makes none.
bool Manager::waits_for(const Container& container, std::uint32_t other) {
    return std::ranges::any_of(container.waits_for, [&](std::uint32_t id) {
        const auto found = containers_.find(id);
        return id == other || (found != containers_.end() && waits_for(found->second, other));
    });
}

void Manager::stop_container(Container& container, std::uint32_t user, std::uint64_t grace_ns) {
    container.stopping = true;
    if (container.state == container::State::running) {
        container.cause = container::Cause::stopped;
        container.ended_by = user;
    }
    timers.clear(TimerKind::restart, 0, container.id);
    if (container.processes == 0) {
        give_up_restart(container);
        settle_container(container.id);
        return;
    }
    container.grace_ns = std::min<std::uint64_t>(grace_ns, 60 * rt::second);
    container.waits_for.clear();
    for (const auto& [id, other] : containers_) {
        // What begins again at once is not missed, no more than if it had ended by itself.
        if (!container.restart_asked && depends_on(other, container) &&
            !waits_for(other, container.id)) {
            container.waits_for.push_back(id);
        }
    }
    if (container.waits_for.empty()) {
        tell_to_end(container);
        return;
    }
    for (const std::uint32_t id : std::vector{container.waits_for}) {
        Container& dependent = containers_.at(id);
        if (!dependent.stopping) {
            dependent.ended_before = container.name;
            stop_container(dependent, user, grace_ns);
        }
    }
}

void Manager::tell_to_end(const Container& container) {
    timers.set({.kind = TimerKind::stop,
                .number = container.id,
                .deadline_ns = rt::now() + container.grace_ns});
    std::vector<Pid> all;
    table.for_each([&](const Process& process) {
        if (process.container == container.id && process.life != Life::zombie) {
            all.push_back(process.pid);
        }
    });
    for (const Pid pid : all) {
        deliver(pid, signal_number::term, kernel_info());
        deliver(pid, signal_number::cont, kernel_info());
    }
}

void Manager::stop_those_that_waited_for(std::uint32_t ended) {
    for (auto& [id, container] : containers_) {
        if (std::erase(container.waits_for, ended) != 0 && container.waits_for.empty()) {
            tell_to_end(container);
        }
    }
}

void Manager::begin_checks(Container& container) {
    if (container.plan.check.empty()) {
        return;
    }
    container.health = container::Health::starting;
    container.bad_checks = 0;
    set_check_timer(container);
}

void Manager::set_check_timer(const Container& container) {
    timers.set({.kind = TimerKind::health,
                .number = container.id,
                .deadline_ns = rt::now() + container.plan.check_interval_ms * rt::millisecond});
}

// What is said of the check that is ended here does not count any more.
void Manager::end_checks(Container& container) {
    timers.clear(TimerKind::health, 0, container.id);
    if (const Pid check = std::exchange(container.check, 0); check != 0) {
        end_process(check, signal_number::kill);
    }
}

Task Manager::check_health(std::uint32_t id) {
    auto found = containers_.find(id);
    if (found == containers_.end() || found->second.stopping || shutting_down_) {
        co_return;
    }
    set_check_timer(found->second);
    if (found->second.check != 0) {
        end_process(found->second.check, signal_number::kill);
        co_return;
    }
    const Pid main = found->second.main;
    const Body* body = body_of(main);
    if (body == nullptr) {
        co_return;
    }
    const std::uint32_t serial = body->serial;
    const std::string program = found->second.plan.check.front();
    const SharedView view = body->view;
    auto opened =
        co_await outside.call(program_source(found->second.plan, view.ref()),
                              fs::Open{.flags = fs::OpenFlags::read | fs::OpenFlags::execute},
                              {.payload = ipc::bytes(program)});
    found = containers_.find(id);
    body = body_of(main, serial);
    if (found == containers_.end() || body == nullptr || found->second.stopping ||
        found->second.check != 0) {
        co_return;
    }
    const bool is_program = opened && opened->reply.kind == fs::Kind::regular;
    if (!is_program || !start_check(found->second, *body, opened->take<fs::File>())) {
        note_check(found->second, false);
    }
}

bool Manager::start_check(Container& container, const Body& main,
                          ipc::Capability<fs::File> program) {
    const Process* first = table.find(container.main);
    const auto added = first != nullptr && has_room(container) ? table.add(ProcessTable::self)
                                                               : base::fail(Status::limit);
    if (!added) {
        return false;
    }
    Process& process = **added;
    (void)table.make_session(process.pid);
    process.become(first->identity);
    process.images = first->images;
    process.executed = true;
    process.started_ns = rt::now();
    ImageBlock block = check_image(container.plan);
    note_program(process, block);
    FreshImage fresh{.container = &container,
                     .process = &process,
                     .block = &block,
                     .view = main.view,
                     .executable = program};
    auto body = build_image(fresh);
    if (!body) {
        table.remove(process.pid);
        return false;
    }
    container.check = process.pid;
    adopt_body(process, std::move(*body), container);
    start_body(process);
    return true;
}

// The container may be gone afterwards: who is unhealthy is ended, if RESTART starts it again.
void Manager::note_check(Container& container, bool good) {
    using container::Health;
    container.bad_checks = good ? 0 : container.bad_checks + 1;
    if (good) {
        container.health = Health::healthy;
        container.failures = 0;
    } else if (container.bad_checks >= container.plan.check_retries) {
        container.health = Health::unhealthy;
    }
    answer_health(container);
    const bool begins_again =
        container.kit && container.plan.restart.policy != cluufile::RestartPolicy::no;
    if (container.health != Health::unhealthy || !begins_again || container.stopping) {
        return;
    }
    container.cause = container::Cause::unhealthy;
    std::vector<Pid> all;
    table.for_each([&](const Process& process) {
        if (process.container == container.id && process.life != Life::zombie) {
            all.push_back(process.pid);
        }
    });
    for (const Pid pid : all) {
        end_process(pid, signal_number::kill);
    }
}

void Manager::answer_health(Container& container) {
    using container::Health;
    const bool ended = container.state != container::State::running;
    if (!ended && container.health == Health::starting) {
        return;
    }
    for (ipc::PendingReply& waiting : std::exchange(container.awaiting_health, {})) {
        if (ended || container.health == Health::unhealthy) {
            (void)waiting.fail(ended ? Status::closed : Status::busy);
        } else {
            (void)waiting.answer<container::AwaitHealth>({});
        }
    }
}

}  // namespace procmgr
