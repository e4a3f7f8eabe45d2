// SPDX-License-Identifier: MIT
#include "servers/procmgr/entering.hpp"

#include <utility>

namespace procmgr {
namespace {

struct Inside {
    Container* container = nullptr;
    const Process* first = nullptr;
    const Body* body = nullptr;  // the first process's
};

base::Result<Inside, Refusal> find_inside(Manager& manager, const Process& process,
                                          std::uint32_t id) {
    const auto found = manager.containers().find(id);
    if (found == manager.containers().end() || found->second.forgotten) {
        return base::fail(Refusal{Status::no_process, {}});
    }
    Container& container = found->second;
    const Inside inside{&container, manager.table.find(container.main),
                        manager.body_of(container.main)};
    if (inside.body == nullptr || inside.first->container != id) {
        return base::fail(Refusal{Status::no_process, {}});
    }
    const Container* own = manager.container_of(process);
    if (auto refusal = refusal_for(own, process, container.plan)) {
        return base::fail(std::move(*refusal));
    }
    const bool is_own =
        process.identity.user == container.user && process.identity == inside.first->identity;
    if (process.identity.user != 0 && !is_own) {
        return base::fail(
            Refusal{Status::not_permitted, container.name + ": its first process is not yours"});
    }
    if (container.start_entry >= 0 && !own->has(cluufile::Profile::admin)) {
        return base::fail(
            Refusal{Status::not_permitted, container.name + ": a part of the system"});
    }
    if (!manager.has_room(container)) {
        return base::fail(Refusal{Status::limit, {}});
    }
    return inside;
}

// Of two lists, what is in both; none is no limit.
void narrow_images(std::optional<ImageSet>& images, const std::optional<ImageSet>& others) {
    if (!images) {
        images = others;
    } else if (others) {
        std::erase_if(*images, [&](const std::string& image) { return !others->contains(image); });
    }
}

base::Result<void, Refusal> enter(Manager& manager, Process& process, ImageBlock& block,
                                  ipc::Ref<fs::File> program) {
    const auto inside = find_inside(manager, process, manager.body_of(process.pid)->next.enter);
    if (!inside) {
        return base::fail(inside.error());
    }
    place_inside(inside->container->plan, block);
    auto built = build_beside(manager, process, inside->first->identity,
                              {.container = inside->container,
                               .process = &process,
                               .block = &block,
                               .view = inside->body->view,
                               .executable = program});
    if (!built) {
        return base::fail(built.error());
    }
    if (*built) {
        narrow_images(process.images, inside->first->images);
        manager.replace_image(process, std::move(**built), *inside->container);
    }
    return {};
}

}  // namespace

Task execute_inside(Manager& manager, CallerId caller, ImageBlock block, ipc::PendingReply reply) {
    Body* body = manager.body_of(caller.pid, caller.serial);
    Process* process = manager.table.find(caller.pid);
    const auto inside = find_inside(manager, *process, body->next.enter);
    if (!inside) {
        body->executing = false;
        refuse(*body, inside.error(), reply);
        co_return;
    }
    // An image with files of its own has its programs there.
    const bool has_files = !inside->container->plan.files.empty();
    const SharedView view = has_files ? inside->body->view : body->view;
    auto opened = co_await manager.outside.call(
        view.ref(), fs::Open{.flags = fs::OpenFlags::read | fs::OpenFlags::execute},
        {.payload = ipc::bytes(block.path)});
    body = manager.body_of(caller.pid, caller.serial);
    process = manager.table.find(caller.pid);
    if (body == nullptr || process == nullptr) {
        co_return;
    }
    body->executing = false;
    if (!opened || opened->reply.kind != fs::Kind::regular) {
        refuse(*body, {opened ? Status::not_executable : ipc::to_status(opened.error()), {}},
               reply);
        co_return;
    }
    const auto program = opened->take<fs::File>();
    if (const auto done = enter(manager, *process, block, program); !done) {
        refuse(*body, done.error(), reply);
        co_return;
    }
    reply.abandon();  // who asked is no more
}

}  // namespace procmgr
