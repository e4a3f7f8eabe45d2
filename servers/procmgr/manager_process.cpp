// SPDX-License-Identifier: MIT
// Manager: birth and death of processes, and what their parents learn.
#include <atomic>

#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"
#include "servers/procmgr/moves.hpp"

namespace procmgr {

Manager::Manager(const Surroundings& surroundings, const loader::LoadedImage& library,
                 ipc::Capability<ipc::Bank> containers_bank)
    : images(outside, surroundings.names),
      given(surroundings),
      builder_(library, surroundings.time_page, surroundings.endpoint, surroundings.log),
      containers_bank_(std::move(containers_bank)) {}

Body* Manager::body_of(Pid pid) {
    const auto found = bodies_.find(pid);
    return found == bodies_.end() ? nullptr : &found->second;
}

Body* Manager::body_of(Pid pid, std::uint32_t serial) {
    Body* body = body_of(pid);
    return body != nullptr && body->serial == serial ? body : nullptr;
}

Session* Manager::session_of(Pid session) {
    const auto found = sessions_.find(session);
    return found == sessions_.end() ? nullptr : &found->second;
}

bool Manager::has_terminal(const Process& process) {
    return session_of(process.session) != nullptr && !process.left_terminal;
}

Sender Manager::sender_of(Pid pid) {
    const Process* process = table.find(pid);
    const Container* container = process == nullptr ? nullptr : container_of(*process);
    return {pid, container != nullptr && container->supervises(),
            [this, outer = process == nullptr ? 0 : process->container](std::uint32_t inner) {
                return is_inside(inner, outer);
            }};
}

bool Manager::is_admin(const Process& process) {
    const Container* container = container_of(process);
    return process.identity.user == 0 ||
           (container != nullptr && container->has(cluufile::Profile::admin));
}

std::uint64_t Manager::busy_ns() {
    std::uint64_t sum = ended_cpu_ns_;
    table.for_each([&](const Process& process) {
        sum += body_of(process.pid) != nullptr ? usage_of(process).cpu_ns : 0;
    });
    return sum;
}

const Load& Manager::load() {
    load_.update(rt::now(), busy_ns());
    return load_;
}

Usage Manager::usage_of(const Process& process) {
    if (process.life == Life::zombie) {
        return process.usage;
    }
    Usage usage;
    if (Body* body = body_of(process.pid)) {
        if (const auto activity = body->bank->activity()) {
            usage.cpu_ns = activity->cpu_ns;  // of all its threads
            usage.messages = activity->messages;
        }
        if (const auto charge = body->bank->query()) {
            usage.peak_bytes = charge->charged;
        }
    }
    return usage;
}

void Manager::publish_identity(const Process& process) {
    const Body* body = body_of(process.pid);
    const Container* container = container_of(process);
    if (body != nullptr && container != nullptr) {
        write_identity(*body, process, container->name, has_terminal(process));
    }
}

Result<Pid> Manager::fork(Process& parent, const ForkSource& source) {
    Container* container = container_of(parent);
    if (container == nullptr || shutting_down_ || !has_room(*container)) {
        if (container != nullptr && container->all_processes >= container->process_limit) {
            container->met_process_limit = true;
        }
        return base::fail(Status::limit);
    }
    Process* child = TRY(table.add(parent.pid));
    child->started_ns = rt::now();
    auto body = builder_.copy(request_for(*child, *container), source);
    if (!body) {
        table.remove(child->pid);
        return base::fail(ipc::to_status(body.error()));
    }
    body->entry = source.fork.rip;
    body->stack = source.fork.rsp;
    const Pid pid = child->pid;
    join_container(*container);
    Body& placed = bodies_.insert_or_assign(pid, std::move(*body)).first->second;
    if ((source.fork.flags & process::Fork::shares_memory) != 0) {
        lend_memory(parent.pid, placed);
    }
    const auto started = placed.thread->start({.rip = source.fork.rip,
                                               .rsp = source.fork.rsp,
                                               .rdi = 0,
                                               .gs_base = process::linux_threads + abi::page_size,
                                               .fs_base = source.fork.fs_base});
    if (!started) {
        end_process(pid, signal_number::kill);
        return base::fail(ipc::to_status(started.error()));
    }
    return pid;
}

void Manager::lend_memory(Pid from, Body& to) {
    const Body& forked = *body_of(from);
    to.borrows_from = forked.borrows_from != 0 ? forked.borrows_from : from;
    if (Body* lender = body_of(to.borrows_from)) {
        lender->has_lent = true;
    }
}

// Where there is no memory for a copy, the borrower will end by a fault.
void Manager::end_lending(Pid pid, Body& lender) {
    if (!lender.has_lent) {
        return;
    }
    lender.has_lent = false;
    for (auto& [other, body] : bodies_) {
        if (body.borrows_from == pid) {
            body.borrows_from = 0;
            (void)body.space->settle(true);
        }
    }
}

void Manager::answer_vfork(Body& body) {
    if (body.parent_of_vfork) {
        (void)body.parent_of_vfork.answer<process::AwaitExecute>({});
    }
}

void Manager::run_in_place(Process& process, Body& body, const ImageBlock& block) {
    process.executed = true;
    process.granted = 0;
    body.hidden = false;
    note_program(process, block);
    if (process.saved != process.identity) {
        process.saved = process.identity;
        publish_identity(process);
    }
    (void)body.thread->set_name(process.name);
    end_lending(process.pid, body);
    body.borrows_from = 0;
    answer_vfork(body);
}

void Manager::replace_image(Process& process, Body&& body, Container& container) {
    Body& old = *body_of(process.pid);
    // What was pending stays pending (POSIX, exec). The page was the old image's to write, but can
    // only deceive its successor about signals that it could have sent itself.
    std::memcpy(&body.signals(), &old.signals(), sizeof body.signals());
    const Usage usage = usage_of(process);
    const std::uint32_t before = process.container;
    answer_vfork(old);
    end_lending(process.pid, old);
    old.destroy();
    ended_cpu_ns_ += usage.cpu_ns;
    process.executed = true;
    process.granted = 0;
    adopt_body(process, std::move(body), container);
    leave_container(before, process.pid, 0, usage.cpu_ns);
    start_body(process);
}

void Manager::end_process(Pid pid, std::uint32_t status) {
    const Process* process = table.find(pid);
    Body* body = body_of(pid);
    if (process == nullptr || body == nullptr) {
        return;  // it has ended, or is about to
    }
    const Usage usage = usage_of(*process);
    answer_vfork(*body);
    end_lending(pid, *body);
    ended_cpu_ns_ += usage.cpu_ns;
    body->destroy();
    bodies_.erase(pid);
    timers.forget_process(pid);
    if (session_of(pid) != nullptr) {
        end_leader(pid, status, usage);
    } else {
        settle_end(pid, status, usage);
    }
}

// What its end means for others.
void Manager::settle_end(Pid pid, std::uint32_t status, const Usage& usage) {
    const Process& process = *table.find(pid);
    const std::uint32_t container = process.container;
    const Pid group = process.group;
    const Pid parent = process.parent;
    for (const Pid orphan : table.end(pid, status, usage)) {
        on_orphaned(orphan, pid);
    }
    hang_up_orphaned(group);
    end_watches(pid);
    if (parent == ProcessTable::self) {
        table.remove(pid);
    } else if (const Process* ended = table.find(pid)) {
        tell_of_end(*ended);
    }  // else its parent has waited for it already, when it was told of an orphan that had ended
    leave_container(container, pid, status, usage.cpu_ns);
    if (shutting_down_) {
        end_services();
    }
}

// Its parent has ended, and it has a new one.
void Manager::on_orphaned(Pid pid, Pid ended_parent) {
    const Process* child = table.find(pid);
    if (child == nullptr) {
        return;
    }
    if (child->life == Life::zombie) {
        tell_of_end(*child);
        return;
    }
    publish_identity(*child);
    if (child->death_signal != 0) {
        process::SignalPage::Info info{};
        info.pid = ended_parent;
        info.user = child->identity.user;
        deliver(pid, child->death_signal, info);
    }
    hang_up_orphaned(child->group);
}

// A stopped group that nobody is left to continue is hung up and continued (POSIX, _Exit).
void Manager::hang_up_orphaned(Pid group) {
    if (table.has_stopped_member(group) && table.is_orphaned(group)) {
        for (const Pid member : table.members(group)) {
            deliver(member, signal_number::hup, kernel_info());
            deliver(member, signal_number::cont, kernel_info());
        }
    }
}

// `code` is SIGCHLD's si_code: 1 exited, 2 killed, 5 stopped, 6 continued.
void Manager::tell_parent(const Process& child, std::int32_t code, std::uint32_t status) {
    process::SignalPage::Info info{};
    info.code = code;
    info.pid = child.pid;
    info.user = child.identity.user;
    info.status = status;
    using Page = process::SignalPage;
    const bool ended = child.life == Life::zombie;
    if ((wishes_of(child.parent) & (ended ? Page::silent : Page::silent | Page::ends_only)) == 0) {
        deliver(child.parent, signal_number::child, info);
    }
}

std::uint32_t Manager::wishes_of(Pid parent) {
    Body* body = body_of(parent);
    return body == nullptr ? 0 : std::atomic_ref{body->signals().children}.load();
}

void Manager::tell_of_end(const Process& child) {
    const std::uint32_t signal = child.exit_status & 0x7f;
    const Pid parent = child.parent;
    const bool leaves_nothing = (wishes_of(parent) & process::SignalPage::leave_nothing) != 0;
    tell_parent(child, signal == 0 ? 1 : 2, signal == 0 ? child.exit_status >> 8 : signal);
    if (leaves_nothing) {
        table.remove(child.pid);
    }
    serve_waiters(parent);
}

void Manager::serve_waiters(Pid parent) {
    Body* body = body_of(parent);
    if (body == nullptr) {
        return;
    }
    for (std::size_t i = 0; i < body->waiters.size();) {
        Waiter& waiter = body->waiters[i];
        const auto event = look(table, parent, waiter.request);
        if (event && event->kind == WaitEvent::Kind::none) {
            ++i;
            continue;
        }
        if (!event) {
            (void)waiter.reply.fail(event.error());
        } else if (waiter.reply.answer<process::Wait>(event->reply)) {
            consume(table, parent, waiter.request, *event);
        }
        body->waiters.erase(body->waiters.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

}  // namespace procmgr
