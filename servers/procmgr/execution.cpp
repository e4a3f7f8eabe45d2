// SPDX-License-Identifier: MIT
#include "servers/procmgr/execution.hpp"

#include <utility>

#include "libs/rt/log.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/moves.hpp"

namespace procmgr {
namespace {

struct Starter {
    SharedView view;  // kept: the process may end meanwhile
    Identity identity;
};

Starter starter_of(Manager& manager, Pid pid, bool unseen) {
    const Process& process = *manager.table.find(pid);
    const Container* own = manager.container_of(process);
    return {unseen && own != nullptr ? own->start_view : manager.body_of(pid)->view,
            process.identity};
}

// A container's authority comes from its starter: only who may manage containers can start one that
// may, and only who may manage everybody's; and only who may ask for another identity, or draw on
// the screen. What the starter has not may have come with its identity.
bool may_grant(const Container& starter, cluufile::Profiles granted, const Plan& plan) {
    using cluufile::Profile;
    const auto may = [&](Profile profile) {
        return starter.has(profile) || granted.has(profile) || !plan.profiles.has(profile);
    };
    const bool supervises = may(Profile::supervisor) || starter.supervises();
    return supervises && may(Profile::admin) && may(Profile::accounts) && may(Profile::framebuffer);
}

// What a view shows at a path.
Async<Result<fs::Attributes>> attributes_at(Manager& manager, ipc::AnyRef view, std::string path,
                                            std::uint64_t& names) {
    const auto answer =
        co_await manager.outside.call(view, fs::GetPathAttributes{}, {.payload = ipc::bytes(path)});
    fs::Attributes attributes;
    if (!answer) {
        co_return base::fail(ipc::to_status(answer.error()));
    }
    if (!ipc::read_payload(answer->payload, attributes)) {
        co_return base::fail(Status::io_error);
    }
    names = manager.images.stamped(answer->reply.names);
    co_return attributes;
}

// Is it really the image's program that the caller sees at this path, and not a file of its own that
// some mount puts there? A caller that does not see the file has no way to ask for the image. The answer holds until names change on
// the file system, if both have it from that alone: a view shows the same mounts for ever.
Async<Result<bool>> names_image(Manager& manager, SharedView view, std::string path,
                                ImageName image) {
    if (!view.ref()) {
        co_return base::fail(Status::not_found);
    }
    if (image.demanded) {
        const auto readable = co_await manager.outside.call(view.ref(), fs::CheckAccess{.mode = 4},
                                                            {.payload = ipc::bytes(path)});
        if (!readable) {
            co_return base::fail(ipc::to_status(readable.error()));
        }
    }
    const std::uint64_t before = manager.images.names_version();
    const SharedView::Program* known = image.demanded ? nullptr : view.program_at(path);
    if (known != nullptr && known->names == before) {
        co_return true;
    }
    std::uint64_t names = 0;
    const auto seen = co_await attributes_at(manager, view.ref(), path, names);
    if (!seen) {
        co_return base::fail(seen.error());
    }
    const auto own = co_await manager.images.look(path);
    const auto& meant = own.attributes;
    const bool same = meant && meant->device == seen->device && meant->inode == seen->inode;
    if (image.demanded && !same) {
        co_return base::fail(Status::access_denied);
    }
    if (same && names == before && own.names == before) {
        view.note_program({.path = path,
                           .names = before,
                           .inode = seen->inode,
                           .contents = manager.images.contents_version(seen->inode)});
    }
    co_return same;
}

// Has somebody with this view executed the image's program at this path, and would find the same now?
bool is_known(Manager& manager, const SharedView& view, std::string_view path) {
    const SharedView::Program* known = view.program_at(path);
    return known != nullptr && known->names == manager.images.names_version() &&
           known->contents == manager.images.contents_version(known->inode);
}

// A container that has no process yet: forgotten, unless it gets one.
class NewContainer {
public:
    NewContainer() = default;
    NewContainer(Manager& manager, const Container& container)
        : manager_(&manager), id_(container.id) {}
    NewContainer(NewContainer&& other) noexcept
        : manager_(std::exchange(other.manager_, nullptr)), id_(other.id_) {}
    NewContainer& operator=(NewContainer&& other) noexcept {
        std::swap(manager_, other.manager_);
        std::swap(id_, other.id_);
        return *this;
    }
    ~NewContainer() {
        if (manager_ == nullptr) {
            return;
        }
        const auto found = manager_->containers().find(id_);
        if (found != manager_->containers().end() && found->second.main == 0) {
            manager_->forget_container(found->second);
        }
    }
    [[nodiscard]] Container& get() const { return manager_->containers().at(id_); }

private:
    Manager* manager_ = nullptr;
    std::uint32_t id_ = 0;
};

// What is to be done: run in place (no plan), or in a container of its own.
struct Decision {
    bool no_image = false;  // none is meant
    std::optional<Plan> plan;
    NewContainer container;
    Manager::Prepared prepared;
};
using Decided = base::Result<Decision, Refusal>;

// The container is there before its view, because it pays for what is private in that.
base::Result<NewContainer, Refusal> make_container(Manager& manager, CallerId caller,
                                                   const Plan& plan) {
    const Body* body = manager.body_of(caller.pid, caller.serial);
    const Process* process = manager.table.find(caller.pid);
    if (body == nullptr || process == nullptr) {
        return base::fail(Refusal{Status::no_process, {}});
    }
    const Container* own = manager.container_of(*process);
    if (auto refusal = refusal_for(own, *process, plan)) {
        return base::fail(std::move(*refusal));
    }
    const auto container = manager.add_container({.plan = plan,
                                                  .name = body->next.name,
                                                  .id = body->next.id,
                                                  .starter = own,
                                                  .user = process->identity.user,
                                                  .by_name = body->next.configured,
                                                  .flags = body->next.how.flags});
    if (!container) {
        return base::fail(Refusal{container.error(), {}});
    }
    return NewContainer{manager, **container};
}

// Everything that other servers must be asked for; `block` stays meanwhile. Whether the process still exists is looked at
// afterwards, once.
Async<Decided> decide(Manager& manager, CallerId caller, const Starter& starter, ImageName image,
                      const ToExecute& what) {
    const ImageBlock& block = what.block;
    Decision decision;
    if (image.name.empty()) {
        co_return std::move(decision);
    }
    ImageLookup lookup = co_await manager.images.find(image.name);
    if (lookup.outcome == ImageLookup::Outcome::wrong) {
        co_return base::fail(Refusal{Status::invalid, std::move(lookup.complaint)});
    }
    if (lookup.outcome == ImageLookup::Outcome::none) {
        decision.no_image = true;
        co_return image.demanded ? Decided{base::fail(Refusal{Status::not_found, {}})}
                                 : Decided{std::move(decision)};
    }
    const auto named = what.step == process::Execute::if_known
                           ? Result<bool>{is_known(manager, starter.view, block.path)}
                           : co_await names_image(manager, starter.view, block.path, image);
    if (!named) {
        co_return base::fail(Refusal{named.error(), {}});
    }
    if (!*named) {
        co_return std::move(decision);
    }
    if (const Body* body = manager.body_of(caller.pid, caller.serial)) {
        narrow(lookup.plan, body->next.how);
        if (!add_volumes(lookup.plan, body->next.volumes)) {
            co_return base::fail(Refusal{
                Status::invalid, lookup.plan.image + ": -v: without PROFILE vfs it sees no files"});
        }
    }
    if (auto missing = manager.missing_dependency(lookup.plan, starter.identity.user);
        !missing.empty()) {
        co_return base::fail(Refusal{Status::would_block, std::move(missing)});
    }
    auto container = make_container(manager, caller, lookup.plan);
    if (!container) {
        co_return base::fail(container.error());
    }
    GrantedNames granted{lookup.plan, block, caller.pid};
    auto prepared = co_await manager.prepare({.plan = lookup.plan,
                                              .names = granted,
                                              .from = starter.view.ref(),
                                              .identity = starter.identity,
                                              .bank = container->get().bank,
                                              .disk = container->get().disk,
                                              .container = container->get().id,
                                              .traced = container->get().traced()});
    if (!prepared) {
        co_return base::fail(prepared.error());
    }
    decision.container = std::move(*container);
    decision.plan = std::move(lookup.plan);
    decision.prepared = std::move(*prepared);
    co_return std::move(decision);
}

// Standard output and error become the container's log, in the slots after those that are moved.
Result<void> give_log(Manager& manager, Manager::FreshImage& fresh, std::size_t moved) {
    Container& container = *fresh.container;
    TRY(manager.begin_log(container));
    auto slot = static_cast<abi::CapIndex>(first_given_slot + moved);
    for (const LogRing::Stream stream : {LogRing::Stream::output, LogRing::Stream::errors}) {
        const Badge badge{.kind = BadgeKind::log,
                          .serial = static_cast<std::uint32_t>(stream),
                          .pid = container.id};
        fresh.given.push_back(
            ipc::minted(manager.given.endpoint,
                        {.badge = badge.raw(), .rights = abi::EndpointRights::call}, slot));
        add_output(*fresh.block, stream == LogRing::Stream::output ? 1 : 2, slot);
        ++slot;
    }
    return {};
}

// What GRANT argv start lets the container's programs start.
void note_startable(Container& container, const Starter& starter, Identity identity,
                    const ImageBlock& block) {
    // As somebody else (USER), it has not the starter's view.
    if (!container.plan.grants.starts() || identity != starter.identity || !starter.view.ref()) {
        return;
    }
    container.startable = StartableNames{container.plan, block};
    container.start_view = starter.view;
    container.start_identity = identity;
}

// The new image in the old one's place.
base::Result<void, Refusal> replace(Manager& manager, const Starter& starter, Process& process,
                                    Decision&& decision, ImageBlock& block) {
    const Plan& plan = *decision.plan;
    Container& container = decision.container.get();
    container.command_line = note_command_line(plan, block);
    note_startable(container, starter, decision.prepared.identity, block);
    keep_trace(container, decision.prepared.view.ref());
    const std::size_t first_argument = apply(plan, block);
    auto built = build_beside(manager, process, decision.prepared.identity,
                              {.container = &container,
                               .process = &process,
                               .block = &block,
                               .view = SharedView{std::move(decision.prepared.view)},
                               .executable = decision.prepared.executable,
                               .to_log = container.has_log()});
    if (!built) {
        return base::fail(built.error());
    }
    std::optional<Body>& fresh = *built;
    if (!fresh) {
        return {};
    }
    const bool may_restart =
        plan.restart.policy != cluufile::RestartPolicy::no || container.has_log();
    if (container.by_name && may_restart) {
        container.kit = make_kit(*fresh, block, starter.view.ref(),
                                 {.identity = starter.identity,
                                  .images = process.images,
                                  .first_argument = first_argument});
    }
    manager.replace_image(process, std::move(*fresh), container);
    return {};
}

Async<Result<ipc::Capability<fs::File>>> open_program(Manager& manager, ipc::Ref<names::View> view,
                                                      std::string path) {
    if (!view) {
        co_return base::fail(Status::not_found);
    }
    auto opened = co_await manager.outside.call(
        view, fs::Open{.flags = fs::OpenFlags::read | fs::OpenFlags::execute},
        {.payload = ipc::bytes(path)});
    if (!opened) {
        co_return base::fail(ipc::to_status(opened.error()));
    }
    if (opened->reply.kind != fs::Kind::regular) {
        co_return base::fail(Status::not_executable);
    }
    co_return opened->take<fs::File>();
}

// A program without an image, by GRANT argv start: in the same container, but with its starter's view.
base::Result<void, Refusal> run_with_view(Manager& manager, const Starter& starter,
                                          Process& process, ipc::Ref<fs::File> program,
                                          ImageBlock& block) {
    Container& own = *manager.container_of(process);
    auto built = build_beside(manager, process, process.identity,
                              {.container = &own,
                               .process = &process,
                               .block = &block,
                               .view = starter.view,
                               .executable = program});
    if (!built) {
        return base::fail(built.error());
    }
    if (*built) {
        manager.replace_image(process, std::move(**built), own);
    }
    return {};
}

}  // namespace

std::optional<Refusal> refusal_for(const Container* own, const Process& process, const Plan& plan) {
    const auto granted = cluufile::Profiles::from_raw(process.granted);
    if (own == nullptr || !may_grant(*own, granted, plan)) {
        return Refusal{
            Status::not_permitted,
            plan.image + ": only who has this profile may start a container that has it"};
    }
    if (process.images && !process.images->contains(plan.image)) {
        return Refusal{Status::not_permitted, plan.image + ": not among the containers that user " +
                                                  decimal(process.identity.user) +
                                                  " may run (/etc/users.toml)"};
    }
    return std::nullopt;
}

base::Result<std::optional<Body>, Refusal> build_beside(Manager& manager, Process& process,
                                                        Identity identity,
                                                        Manager::FreshImage fresh) {
    const Body& old = *manager.body_of(process.pid);
    ImageBlock& block = *fresh.block;
    if (fresh.to_log) {
        drop_outputs(block);
    }
    auto moved = moves(block);
    if (!moved) {
        return base::fail(Refusal{moved.error(), {}});
    }
    if (fresh.to_log) {
        if (const auto begun = give_log(manager, fresh, moved->size()); !begun) {
            return base::fail(Refusal{begun.error(), {}});
        }
    }
    fresh.moved = std::move(*moved);
    fresh.moved_from = old.table;
    const Identities before = process.identities();
    if (identity != process.identity) {
        process.become(identity);
    }
    process.saved = process.identity;
    auto built = manager.build_image(fresh);
    if (built) {
        note_program(process, *fresh.block);
        (void)built->thread->set_name(process.name);
        return std::optional{std::move(*built)};
    }
    if (!fresh.moving) {
        process.set_identities(before);
        return base::fail(Refusal{built.error(), {}});
    }
    rt::log(std::string_view{process.name}, " was lost in exec: ", built.error());
    manager.end_process(process.pid, signal_number::kill);
    return std::optional<Body>{};
}

void refuse(Body& body, const Refusal& refusal, ipc::PendingReply& reply) {
    body.refusal = refusal.complaint;
    if (!refusal.complaint.empty()) {
        rt::log(std::string_view{refusal.complaint});
        body.refusal += '\n';
    }
    (void)reply.fail(refusal.status);
}

bool may_start(const Container& own, const Process& process, std::string_view path) {
    return own.start_view.ref() && process.identity == own.start_identity &&
           own.startable.contains(path);
}

Task execute_image(Manager& manager, CallerId caller, ImageName image, ToExecute what,
                   ipc::PendingReply reply) {
    ImageBlock& block = what.block;
    const bool unseen = what.step == process::Execute::unseen;
    const Starter starter = starter_of(manager, caller.pid, unseen);
    auto decision = co_await decide(manager, caller, starter, std::move(image), what);
    ipc::Capability<fs::File> program;
    if (decision && !decision->plan && unseen) {
        auto opened = co_await open_program(manager, starter.view.ref(), block.path);
        if (opened) {
            program = std::move(*opened);
        } else {
            decision = base::fail(Refusal{opened.error(), {}});
        }
    }
    Body* body = manager.body_of(caller.pid, caller.serial);
    Process* process = manager.table.find(caller.pid);
    if (body == nullptr || process == nullptr) {
        co_return;
    }
    body->executing = false;
    if (decision && program) {
        if (const auto done = run_with_view(manager, starter, *process, program, block); !done) {
            refuse(*body, done.error(), reply);
            co_return;
        }
        reply.abandon();
        co_return;
    }
    if (decision && !decision->plan) {
        if (what.step == process::Execute::whole) {
            manager.run_in_place(*process, *body, block);
        }
        (void)reply.answer<process::Execute>({.no_image = decision->no_image ? 1U : 0U});
        co_return;
    }
    const auto done = decision ? replace(manager, starter, *process, std::move(*decision), block)
                               : base::Result<void, Refusal>{base::fail(decision.error())};
    if (done) {
        reply.abandon();  // who asked is no more
        co_return;
    }
    refuse(*body, done.error(), reply);
}

}  // namespace procmgr
