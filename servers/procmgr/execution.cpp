// SPDX-License-Identifier: MIT
#include "servers/procmgr/execution.hpp"

#include "libs/rt/log.hpp"
#include "servers/procmgr/moves.hpp"

namespace procmgr {
namespace {

struct Starter {
    ipc::Capability<names::View> view;  // a copy: the process may end meanwhile
    Identity identity;
    std::uint32_t user = 0;
    Pid session = 0;
    std::uint64_t memory_limit = 0;
};

Starter starter_of(Manager& manager, Pid pid) {
    Starter starter;
    const Process& process = *manager.table.find(pid);
    starter.identity = process.identity;
    starter.user = process.identity.user;
    starter.session = process.session;
    if (const Container* container = manager.container_of(process)) {
        starter.memory_limit = container->memory_limit;
    }
    const Body& body = *manager.body_of(pid);
    if (body.view) {
        if (auto copy = ipc::copy(body.view.ref())) {
            starter.view = std::move(*copy);
        }
    }
    return starter;
}

void refuse(Body& body, ipc::PendingReply& reply, Status status, std::string_view complaint) {
    body.executing = false;
    if (!complaint.empty()) {
        rt::log(complaint);
        body.refusal = complaint;
        body.refusal += '\n';
    }
    (void)reply.fail(status);
}

// A container's authority comes from its starter: only who may manage containers can start one that
// may, and only who may manage everybody's.
bool may_grant(const Container& starter, const Plan& plan) {
    using cluufile::Profile;
    const bool supervises = plan.profiles.has(Profile::supervisor);
    const bool administers = plan.profiles.has(Profile::admin);
    return (!supervises || starter.supervises()) && (!administers || starter.has(Profile::admin));
}

struct Outcome {
    Status status = Status::ok;
    std::string complaint;
};

Outcome outcome_of(const ImageLookup& lookup, const ImageName& image) {
    if (lookup.outcome == ImageLookup::Outcome::wrong) {
        return {Status::invalid, lookup.complaint};
    }
    if (lookup.outcome == ImageLookup::Outcome::none && image.demanded) {
        return {Status::not_found, {}};
    }
    return {};
}

// What a view shows at a path.
Async<Result<fs::Attributes>> attributes_at(Manager& manager, ipc::AnyRef view, std::string path) {
    const auto answer =
        co_await manager.outside.call(view, fs::GetPathAttributes{}, {.payload = ipc::bytes(path)});
    fs::Attributes attributes;
    if (!answer) {
        co_return base::fail(ipc::to_status(answer.error()));
    }
    if (!ipc::read_payload(answer->payload, attributes)) {
        co_return base::fail(Status::io_error);
    }
    co_return attributes;
}

// Is it really the image's program that the caller sees at this path, and not a file of its own that
// some mount puts there? A caller that does not see the file has no way to ask for the image.
Async<Result<bool>> names_image(Manager& manager, ipc::Ref<names::View> view, std::string path,
                                ImageName image) {
    if (!view) {
        co_return base::fail(Status::not_found);
    }
    if (image.demanded) {
        const auto readable = co_await manager.outside.call(view, fs::CheckAccess{.mode = 4},
                                                            {.payload = ipc::bytes(path)});
        if (!readable) {
            co_return base::fail(ipc::to_status(readable.error()));
        }
    }
    const auto seen = co_await attributes_at(manager, view, path);
    if (!seen) {
        co_return base::fail(seen.error());
    }
    const auto meant = co_await attributes_at(manager, manager.given.names, path);
    const bool same = meant && meant->device == seen->device && meant->inode == seen->inode;
    if (image.demanded && !same) {
        co_return base::fail(Status::access_denied);
    }
    co_return same;
}

}  // namespace

Task execute_image(Manager& manager, CallerId caller, ImageName image, ImageBlock block,
                   ipc::PendingReply reply) {
    const Starter starter = starter_of(manager, caller.pid);
    const ImageLookup lookup = co_await manager.images.find(image.name);
    Body* body = manager.body_of(caller.pid, caller.serial);
    if (body == nullptr) {
        co_return;
    }
    const Outcome outcome = outcome_of(lookup, image);
    if (outcome.status != Status::ok) {
        refuse(*body, reply, outcome.status, outcome.complaint);
        co_return;
    }
    bool is_image = lookup.outcome == ImageLookup::Outcome::found;
    if (is_image) {
        const auto named = co_await names_image(manager, starter.view, block.path, image);
        body = manager.body_of(caller.pid, caller.serial);
        if (body == nullptr) {
            co_return;
        }
        if (!named) {
            refuse(*body, reply, named.error(), {});
            co_return;
        }
        is_image = *named;
    }
    if (!is_image) {
        body->executing = false;
        manager.run_in_place(*manager.table.find(caller.pid), *body, block);
        (void)reply.answer<process::Execute>({});
        co_return;
    }
    auto prepared = co_await manager.prepare(lookup.plan, starter.view, starter.identity);
    body = manager.body_of(caller.pid, caller.serial);
    Process* process = manager.table.find(caller.pid);
    if (body == nullptr || process == nullptr) {
        co_return;
    }
    if (!prepared) {
        refuse(*body, reply, prepared.error(), {});
        co_return;
    }
    const Container* own = manager.container_of(*process);
    if (own == nullptr || !may_grant(*own, lookup.plan)) {
        refuse(*body, reply, Status::not_permitted,
               image.name + ": only who has this profile may start a container that has it");
        co_return;
    }
    const auto container = manager.add_container({.plan = lookup.plan,
                                                  .name = body->next.name,
                                                  .memory_limit = body->next.memory_limit,
                                                  .inherited_limit = starter.memory_limit,
                                                  .user = starter.user,
                                                  .starter_session = starter.session,
                                                  .by_name = body->next.configured});
    if (!container) {
        refuse(*body, reply, container.error(), {});
        co_return;
    }
    apply(lookup.plan, block);
    bool moved = false;
    auto fresh = manager.build_image({.container = *container,
                                      .process = process,
                                      .block = &block,
                                      .view = prepared->view,
                                      .executable = prepared->executable,
                                      .move_in = [&](Body& to, ImageBlock& to_block) {
                                          moved = true;
                                          return move_from(*body, to, to_block);
                                      }});
    if (!fresh) {
        manager.discard_container((*container)->id);
        if (moved) {
            rt::log(std::string_view{process->name}, ": lost in exec: ", fresh.error());
            reply.abandon();
            manager.end_process(caller.pid, signal_number::kill);
        } else {
            refuse(*body, reply, fresh.error(), {});
        }
        co_return;
    }
    reply.abandon();
    note_program(*process, block);
    if ((*container)->by_name && lookup.plan.restart.policy != cluufile::RestartPolicy::no) {
        (*container)->kit = make_kit(*fresh, block, starter.view, starter.identity);
    }
    manager.replace_image(*process, std::move(*fresh), **container);
}

}  // namespace procmgr
