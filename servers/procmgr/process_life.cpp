// SPDX-License-Identifier: MIT
// Protocol `process`: fork, exec, exit, wait.
#include <algorithm>

#include "libs/rt/log.hpp"
#include "servers/procmgr/entering.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/process_service.hpp"

namespace procmgr {
namespace {

constexpr std::size_t max_waiters = 32;

constexpr std::size_t user_bytes = sizeof(abi::ControlPage::user);

}  // namespace

bool is_of_type(ipc::AnyRef capability, abi::ObjectType type) {
    if (capability.index() == abi::no_capability) {
        return false;
    }
    const auto info = ipc::own_table()->query(capability.index());
    return info && info->type == type;
}

Result<ImageBlock> read_image(const ipc::Capability<ipc::Memory>& memory, std::uint64_t bytes) {
    if (bytes > max_image_block) {
        return base::fail(Status::too_big);
    }
    if (!is_of_type(memory, abi::ObjectType::memory)) {
        return base::fail(Status::invalid);
    }
    // Memory with a pager could let us wait for ever.
    const auto info = memory->query();
    if (!info || (info->flags & (abi::MemoryFlags::pager | abi::MemoryFlags::physical)) != 0 ||
        bytes > info->bytes) {
        return base::fail(Status::invalid);
    }
    std::vector<std::byte> block;
    block.reserve(bytes);
    while (block.size() < bytes) {
        const std::size_t count = std::min<std::size_t>(bytes - block.size(), abi::page_size);
        const auto part = memory->read(block.size(), count);
        if (!part) {
            return base::fail(Status::invalid);
        }
        block.insert(block.end(), part->begin(), part->end());
    }
    return parse_image(block);
}

Result<ProcessService::Caller> ProcessService::caller(const ipc::Request& request) {
    const Badge badge = Badge::of(request.badge());
    Process* process = manager_.table.find(badge.pid);
    Body* body = manager_.body_of(badge.pid, badge.serial);
    if (process == nullptr || body == nullptr) {
        return base::fail(Status::bad_handle);
    }
    return Caller{process, body};
}

Result<process::Fork::Reply> ProcessService::handle(const process::Fork& fork,
                                                    ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (request.payload().size() > user_bytes) {
        return base::fail(Status::invalid);
    }
    const std::vector<std::byte> user(request.payload().begin(), request.payload().end());
    const Pid child =
        TRY(manager_.fork(*from.process, {.body = from.body, .fork = fork, .user = user}));
    return process::Fork::Reply{child};
}

Result<process::AwaitExecute::Reply> ProcessService::handle(const process::AwaitExecute& await,
                                                            ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Process* child = manager_.table.find(await.pid);
    if (child == nullptr || child->parent != from.process->pid) {
        return base::fail(Status::no_process);
    }
    Body* body = manager_.body_of(await.pid);
    if (body == nullptr || child->executed) {
        return process::AwaitExecute::Reply{};
    }
    if (body->parent_of_vfork) {
        return base::fail(Status::busy);
    }
    body->parent_of_vfork = TRY(request.defer());
    return process::AwaitExecute::Reply{};
}

Result<process::Execute::Reply> ProcessService::handle(const process::Execute& execute,
                                                       ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const auto memory = request.take<ipc::Memory>();
    if (from.body->executing) {
        return base::fail(Status::busy);
    }
    if (execute.step > process::Execute::if_known) {
        return base::fail(Status::invalid);
    }
    from.body->refusal.clear();
    auto block =
        TRY(memory ? read_image(memory, execute.image_bytes) : parse_image(request.payload()));
    if (block.path.size() > process::Execute::longest_path) {
        return base::fail(Status::invalid);
    }
    if (from.body->next.enter != 0) {
        if (execute.step == process::Execute::if_known) {
            return process::Execute::Reply{};
        }
        auto reply = TRY(request.defer());
        from.body->executing = true;
        execute_inside(manager_, {.pid = from.process->pid, .serial = from.body->serial},
                       std::move(block), std::move(reply));
        return process::Execute::Reply{};
    }
    const ImageName image = image_of_path(block.path);
    const Container* own = manager_.container_of(*from.process);
    if (execute.step == process::Execute::unseen) {
        if (own == nullptr || image.demanded || !may_start(*own, *from.process, block.path)) {
            return base::fail(Status::not_found);
        }
    } else if (execute.step == process::Execute::in_place || image.name.empty() ||
               (own != nullptr && own->plan.image == image.name)) {
        if (execute.step == process::Execute::whole || execute.step == process::Execute::in_place) {
            manager_.run_in_place(*from.process, *from.body, block);
        }
        return process::Execute::Reply{.no_image = 1};
    }
    from.body->executing = true;
    auto reply = TRY(request.defer());
    execute_image(manager_, {.pid = from.process->pid, .serial = from.body->serial}, image,
                  {std::move(block), execute.step}, std::move(reply));
    return process::Execute::Reply{};
}

Result<process::ExplainRefusal::Reply> ProcessService::handle(const process::ExplainRefusal&,
                                                              ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const std::string_view text{from.body->refusal};
    request.set_reply_payload(ipc::bytes(text.substr(0, process::ExplainRefusal::reply_payload)));
    return process::ExplainRefusal::Reply{};
}

Result<process::Exit::Reply> ProcessService::handle(const process::Exit& exit,
                                                    ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (exit.cause == process::Exit::no_memory) {
        manager_.note_cause(*from.process, container::Cause::memory);
    }
    manager_.end_process(from.process->pid, checked_exit_status(exit.status));
    return process::Exit::Reply{};
}

Result<process::Wait::Reply> ProcessService::handle(const process::Wait& wait,
                                                    ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Pid pid = from.process->pid;
    const WaitRequest wanted{wait.pid, wait.options, wait.started_ns};
    const WaitEvent event = TRY(look(manager_.table, pid, wanted));
    if (event.kind == WaitEvent::Kind::none && (wait.options & process::Wait::no_hang) != 0) {
        return process::Wait::Reply{};
    }
    // A caller that was interrupted will never take its answer; the oldest make room.
    if (from.body->waiters.size() >= max_waiters) {
        (void)from.body->waiters.front().reply.fail(Status::interrupted);
        from.body->waiters.erase(from.body->waiters.begin());
    }
    auto reply = TRY(request.defer());
    if (event.kind == WaitEvent::Kind::none) {
        from.body->waiters.push_back({wanted, std::move(reply)});
    } else if (reply.answer<process::Wait>(event.reply)) {
        consume(manager_.table, pid, wanted, event);
    }
    return process::Wait::Reply{};
}

Result<process::Watch::Reply> ProcessService::handle(const process::Watch& watch,
                                                     ipc::Request& request) {
    const Caller from = TRY(caller(request));
    auto guard = request.take<ipc::Notification>();
    if (watch.pid <= 0 || !is_of_type(guard, abi::ObjectType::notification)) {
        return base::fail(Status::invalid);
    }
    const Process* process = manager_.table.find(static_cast<Pid>(watch.pid));
    const Sender sender = manager_.sender_of(from.process->pid);
    if (process == nullptr || !sees(manager_.table, sender, *process)) {
        return base::fail(Status::no_process);
    }
    const bool stranger = !may_signal(manager_.table, sender, *process, 0);
    auto watching = TRY(manager_.watch(*process, std::move(guard), stranger));
    if (watching) {
        request.add_capability(std::move(watching));
    }
    return process::Watch::Reply{process->started_ns};
}

Result<process::GetUsage::Reply> ProcessService::handle(const process::GetUsage& get,
                                                        ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Usage usage =
        get.children != 0 ? from.process->children_usage : manager_.usage_of(*from.process);
    return process::GetUsage::Reply{usage.cpu_ns, 0, usage.peak_bytes};
}

Result<process::Rename::Reply> ProcessService::handle(const process::Rename&,
                                                      ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const std::string_view name = request.text();
    from.process->name = printable(name.substr(0, std::min<std::size_t>(name.find('\0'), 15)));
    return process::Rename::Reply{};
}

Result<process::SetFamily::Reply> ProcessService::handle(const process::SetFamily& set,
                                                         ipc::Request& request) {
    constexpr std::uint32_t last_signal = 64;
    const Caller from = TRY(caller(request));
    if (set.death_signal != process::SetFamily::keep && set.death_signal > last_signal) {
        return base::fail(Status::invalid);
    }
    Process& process = *from.process;
    if (set.reaps != process::SetFamily::keep) {
        process.reaps = set.reaps != 0;
    }
    if (set.death_signal != process::SetFamily::keep) {
        process.death_signal = set.death_signal;
    }
    return process::SetFamily::Reply{process.reaps ? 1U : 0U, process.death_signal};
}

}  // namespace procmgr
