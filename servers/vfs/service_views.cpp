// SPDX-License-Identifier: MIT
// Making and changing views.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "libs/base/align.hpp"
#include "servers/vfs/service.hpp"

namespace vfs {

Service::Service(Host& host, View root) : host_(host) {
    views_.push_back(std::make_unique<View>(std::move(root)));
}

void Service::add_device(std::uint32_t major, FileSystemPointer server) {
    devices_[major] = std::move(server);
}

Result<View*> Service::view_at(std::uint64_t badge) {
    if (badge == 0 || badge > views_.size() || !views_[badge - 1]) {
        return base::fail(Status::bad_handle);
    }
    return views_[badge - 1].get();
}

Result<View*> Service::manager(const ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    if (!view->is_manager) {
        return base::fail(Status::not_permitted);
    }
    return view;
}

Result<std::uint64_t> Service::add_view(View view) {
    const auto free = std::ranges::find_if(views_, [](const auto& one) { return !one; });
    const auto place = static_cast<std::uint64_t>(free - views_.begin());
    if (free == views_.end()) {
        if (views_.size() >= max_views) {
            return base::fail(Status::limit);
        }
        views_.emplace_back();
    }
    views_[place] = std::make_unique<View>(std::move(view));
    return place + 1;
}

Result<names::Derive::Reply> Service::handle(const names::Derive& how, ipc::Request& request) {
    View* parent = TRY(view_at(request.badge()));
    const View* own = parent;
    Derivation derivation{.rules = TRY(read_rules(request.payload())),
                          .identity = parent->identity,
                          .names = how.names};
    const bool traced = parent->is_manager && how.traced != 0;
    if (traced && !Uses::has_room()) {
        return base::fail(Status::limit);
    }
    if (parent->is_manager) {
        const std::size_t banks =
            std::min({std::size_t{how.with_bank}, std::size_t{2}, request.capability_count()});
        if (banks > 0) {
            derivation.payer = request.take<ipc::Bank>();
        }
        if (banks > 1) {
            derivation.name_payer = request.take<ipc::Bank>(1);
        }
        std::size_t count = request.capability_count();
        if (how.with_given != 0 && count > banks) {
            derivation.given =
                make_file_system<DirectoryFileSystem>(request.take<fs::Directory>(--count));
        }
        if (const auto other =
                banks < count ? request.take<names::View>(banks) : ipc::Capability<names::View>{}) {
            const std::uint64_t badge = TRY(host_.badge_of(other.ref()));
            parent = TRY(view_at(badge));
            derivation.identity = parent->identity;
        }
        if (how.set_identity != 0) {
            derivation.identity = how.identity;
        }
    }
    const View* whole = own->is_manager ? own : nullptr;
    View derived = TRY(derive(*parent, std::move(derivation), host_, whole));
    derived.uses = parent->uses;
    if (traced) {
        derived.uses = Shared<Uses>{new Uses};
    }
    derived.is_open = how.more != 0 && !derived.layers.empty();
    const std::uint64_t badge = TRY(add_view(std::move(derived)));
    auto minted = host_.mint_view(badge);
    if (!minted) {
        views_[badge - 1].reset();
        return base::fail(minted.error());
    }
    request.add_capability(std::move(*minted));
    return names::Derive::Reply{};
}

Result<names::Grant::Reply> Service::handle(const names::Grant& how, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    if (!view->is_open) {
        return base::fail(Status::not_permitted);
    }
    const auto granted = TRY(read_rules(request.payload()));
    if (!std::ranges::all_of(
            granted, [](const Rule& rule) { return rule.access == names::Access::granted; })) {
        return base::fail(Status::invalid);
    }
    TRY(grant(*view, granted));
    view->is_open = how.more != 0;
    return names::Grant::Reply{};
}

Result<names::ReadUses::Reply> Service::handle(const names::ReadUses& read, ipc::Request& request) {
    TRY(manager(request));
    const auto which = request.take<names::View>();
    const std::uint64_t badge = TRY(host_.badge_of(which.ref()));
    const View* view = TRY(view_at(badge));
    if (view->uses == Shared<Uses>{}) {
        return base::fail(Status::unsupported);
    }
    const auto page = request.reply_payload();
    names::ReadUses::Reply reply{.incomplete = view->uses->incomplete() ? 1U : 0U};
    std::size_t used = 0;
    std::uint32_t number = 0;
    for (const auto& [path, rights] : view->uses->paths()) {
        const std::size_t length = base::align_up(sizeof(names::MountRule) + path.size(), 8);
        if (number++ < read.first || length > page.size()) {
            continue;
        }
        if (length > page.size() - used) {
            reply.next = number - 1;
            break;
        }
        const names::MountRule record{.record_length = static_cast<std::uint16_t>(length),
                                      .path_length = static_cast<std::uint16_t>(path.size()),
                                      .access = names::Access::granted,
                                      .rights = rights};
        std::memset(page.data() + used, 0, length);
        std::memcpy(page.data() + used, &record, sizeof record);
        std::memcpy(page.data() + used + sizeof record, path.data(), path.size());
        used += length;
    }
    request.set_reply_length(used);
    return reply;
}

Result<names::Mount::Reply> Service::handle(const names::Mount& mount, ipc::Request& request) {
    View* view = TRY(manager(request));
    auto directory = request.take<fs::Directory>();
    if (!directory) {
        return base::fail(Status::malformed);
    }
    const std::string path{request.text()};
    Location at = TRY(Resolver{*view}.locate(path));
    view->mount({.path = std::move(at.view_path),
                 .file_system = make_file_system<DirectoryFileSystem>(std::move(directory)),
                 .read_only = mount.read_only != 0,
                 .per_view = mount.per_view != 0,
                 .is_own = true,
                 .replaceable = mount.replaceable != 0});
    return names::Mount::Reply{};
}

Result<names::Unmount::Reply> Service::handle(const names::Unmount&, ipc::Request& request) {
    View* view = TRY(manager(request));
    const Location at = TRY(Resolver{*view}.locate(std::string{request.text()}));
    if (at.view_path.empty() || !view->unmount(at.view_path)) {
        return base::fail(Status::invalid);
    }
    return names::Unmount::Reply{};
}

Result<names::ListMounts::Reply> Service::handle(const names::ListMounts& list,
                                                 ipc::Request& request) {
    const View* view = TRY(view_at(request.badge()));
    const auto page = request.reply_payload();
    names::ListMounts::Reply reply;
    std::size_t used = 0;
    std::vector<Mount> shown;
    std::ranges::copy_if(view->mounts(), std::back_inserter(shown), [&](const Mount& mount) {
        return view->rights(mount.path, view->layers.size()) != 0;
    });
    for (std::size_t i = list.first; i < shown.size(); ++i) {
        const Mount& mount = shown[i];
        const std::string_view path = mount.path.empty() ? "/" : std::string_view{mount.path};
        const std::size_t length = base::align_up(sizeof(names::MountRule) + path.size(), 8);
        if (length > page.size() - used) {
            break;
        }
        const names::MountRule record{
            .record_length = static_cast<std::uint16_t>(length),
            .path_length = static_cast<std::uint16_t>(path.size()),
            .access = mount.read_only ? names::Access::read_only : names::Access::inherit};
        std::memset(page.data() + used, 0, length);
        std::memcpy(page.data() + used, &record, sizeof record);
        std::memcpy(page.data() + used + sizeof record, path.data(), path.size());
        used += length;
        ++reply.count;
    }
    request.set_reply_length(used);
    return reply;
}

Result<names::RegisterDevice::Reply> Service::handle(const names::RegisterDevice& device,
                                                     ipc::Request& request) {
    TRY(manager(request));
    auto directory = request.take<fs::Directory>();
    if (!directory) {
        return base::fail(Status::malformed);
    }
    add_device(device.major, make_file_system<DirectoryFileSystem>(std::move(directory)));
    return names::RegisterDevice::Reply{};
}

// Where a confined view has an entrance: at the highest name with the same rights.
Result<Service::Place> Service::entrance_place(const View& view, Location at) {
    if (view.layers.empty()) {
        return Place{at.mount->path, at.mount->start, at.mount->read_only};
    }
    const auto found = view.layers.back()->at(at.view_path);
    const bool changes = (at.rights & (Rights::write | Rights::create)) != 0;
    const bool allows_all = (at.rights & Rights::write) != 0 && (at.rights & Rights::create) != 0;
    if (view.layers.size() > 1 || !found.uniform || (at.rights & Rights::read) == 0 ||
        changes != allows_all) {
        return base::fail(Status::unsupported);
    }
    if (found.base <= at.mount->path.size()) {
        return Place{at.mount->path, at.mount->start, !changes};
    }
    const std::size_t below = at.view_path.size() - found.base;
    return Place{at.view_path.substr(0, found.base), at.path.substr(0, at.path.size() - below),
                 !changes};
}

Result<names::Enter::Reply> Service::handle(const names::Enter&, ipc::Request& request) {
    const View* view = TRY(view_at(request.badge()));
    if (view->is_manager) {
        return base::fail(Status::not_permitted);
    }
    if (view->uses != Shared<Uses>{}) {
        return base::fail(Status::unsupported);
    }
    const Location at = TRY(Resolver{*view}.locate(std::string{request.text()}));
    const Mount& mount = *at.mount;
    const Place place = TRY(entrance_place(*view, at));
    std::string paths = place.path + '\0';
    for (const Mount& other : view->mounts()) {
        if (other.path != place.path && lies_in(other.path, place.path)) {
            paths += other.path + '\0';
        }
    }
    if (paths.size() > names::Enter::reply_payload) {
        return base::fail(Status::limit);
    }
    auto answer = TRY(mount.file_system->ask(
        fs::Enter{.identity = view->identity, .read_only = place.read_only ? 1U : 0U},
        place.start));
    request.add_capability(answer.take<fs::Directory>());
    if (auto versions = answer.take<ipc::Memory>(1)) {
        request.add_capability(std::move(versions));
    }
    request.set_reply_payload(ipc::bytes(paths));
    return names::Enter::Reply{};
}

void Service::on_drop(std::uint64_t badge) {
    if (badge > 1 && badge <= views_.size()) {
        views_[badge - 1].reset();
    }
}

}  // namespace vfs
