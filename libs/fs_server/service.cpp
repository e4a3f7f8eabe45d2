// SPDX-License-Identifier: MIT
#include "libs/fs_server/service.hpp"

#include <algorithm>
#include <cstring>

namespace fs_server {

std::uint64_t Service::add_root(std::unique_ptr<Backend> backend) {
    const auto free = std::ranges::find_if(roots_, [](const Root& root) { return !root.backend; });
    const auto place = static_cast<std::uint64_t>(free - roots_.begin());
    if (free == roots_.end()) {
        roots_.push_back({.backend = std::move(backend)});
    } else {
        *free = Root{.backend = std::move(backend)};
    }
    return root_badge + place;
}

Result<Backend*> Service::root_of(const ipc::Request& request) {
    const std::uint64_t place = request.badge() - root_badge;
    if (request.badge() < root_badge || place >= roots_.size() || !roots_[place].backend) {
        return base::fail(Status::bad_handle);
    }
    return roots_[place].backend.get();
}

Result<OpenFile*> Service::file_of(const ipc::Request& request) {
    OpenFile* file = files_.find(request.badge());
    if (file == nullptr) {
        return base::fail(Status::bad_handle);
    }
    return file;
}

const Service::Entrance* Service::entrance_of(const ipc::Request& request) const {
    const std::uint64_t place = request.badge() - entrance_badge;
    return request.badge() >= entrance_badge && place < entrances_.size() ? entrances_[place].get()
                                                                          : nullptr;
}

ipc::Capability<ipc::Memory> Service::versions_of(Root& root) {
    if (root.versions.at == nullptr && root.backend->has_versions()) {
        if (auto made = host_.make_versions()) {
            root.versions = std::move(*made);
            root.backend->set_versions(root.versions.at);
        }
    }
    if (!root.versions.memory) {
        return {};
    }
    auto copy = ipc::copy(root.versions.memory.ref(), abi::MemoryRights::read);
    return copy ? std::move(*copy) : ipc::Capability<ipc::Memory>{};
}

Result<fs::Enter::Reply> Service::handle(const fs::Enter& enter, ipc::Request& request) {
    Backend* backend = TRY(root_of(request));
    const auto free = std::ranges::find_if(entrances_, [](const auto& one) { return !one; });
    const auto place = static_cast<std::size_t>(free - entrances_.begin());
    if (free == entrances_.end()) {
        if (place == most_entrances) {
            return base::fail(Status::limit);
        }
        entrances_.emplace_back();
    }
    entrances_[place] = std::make_unique<Entrance>(Entrance{.number = ++entrances_made_,
                                                            .backend = backend,
                                                            .who = enter.identity,
                                                            .read_only = enter.read_only != 0,
                                                            .start = std::string{request.text()}});
    auto minted = host_.mint_root(entrance_badge + place);
    if (!minted) {
        entrances_[place].reset();
        return base::fail(minted.error());
    }
    request.add_capability(std::move(*minted));
    if (auto versions = versions_of(roots_[request.badge() - root_badge])) {
        request.add_capability(std::move(versions));
    }
    return fs::Enter::Reply{};
}

std::string_view Service::keep_path(const ipc::Request& request, std::size_t skip) {
    const std::string_view text = request.text();
    const std::string_view path = text.substr(std::min(skip, text.size()));
    std::memcpy(path_.get(), path.data(), path.size());
    return {path_.get(), path.size()};
}

Result<fs::SyncAll::Reply> Service::handle(const fs::SyncAll&, ipc::Request& request) {
    Backend* backend = TRY(root_of(request));
    TRY(backend->sync_all());
    return fs::SyncAll::Reply{};
}

Result<fs::MakeFileSystem::Reply> Service::handle(const fs::MakeFileSystem& make,
                                                  ipc::Request& request) {
    if (request.badge() != manager_badge) {
        return base::fail(Status::not_permitted);
    }
    auto backend = TRY(host_.make_file_system(make, request.take<ipc::Any>()));
    if (!backend) {
        return base::fail(Status::unsupported);
    }
    const std::uint64_t badge = add_root(std::move(backend));
    auto minted = host_.mint_root(badge);
    if (!minted) {
        roots_[badge - root_badge].backend.reset();
        return base::fail(minted.error());
    }
    request.add_capability(std::move(*minted));
    return fs::MakeFileSystem::Reply{};
}

void Service::on_drop(std::uint64_t badge) {
    if (badge >= root_badge) {
        if (badge - root_badge < roots_.size()) {
            roots_[badge - root_badge].dropped = true;
            some_dropped_ = true;
        }
    } else if (badge >= entrance_badge) {
        if (badge - entrance_badge < entrances_.size()) {
            entrances_[badge - entrance_badge].reset();
        }
    } else {
        end_description(badge);
        files_.remove(badge);
    }
    if (some_dropped_) {
        sweep_roots();
    }
}

void Service::end_description(std::uint64_t badge) {
    if (watchers_.any()) {
        tell_of_close(badge);
        watchers_.end(badge);
    }
    end_locks(badge);
    pipes_.close(badge, host_);
    listeners_.close(badge);
}

Result<fs::Close::Reply> Service::handle(const fs::Close&, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    if (!request.only_copy()) {
        return base::fail(Status::busy);
    }
    if (file->entrance == 0) {
        return base::fail(Status::unsupported);
    }
    end_description(request.badge());
    files_.empty(request.badge());
    if (some_dropped_) {
        sweep_roots();
    }
    return fs::Close::Reply{.number = request.badge()};
}

// Ends the file systems whose root is gone and of which nothing is open.
void Service::sweep_roots() {
    some_dropped_ = false;
    for (Root& root : roots_) {
        if (!root.dropped || !root.backend) {
            continue;
        }
        const bool entered = std::ranges::any_of(entrances_, [&](const auto& entrance) {
            return entrance && entrance->backend == root.backend.get();
        });
        if (!entered && !files_.uses(*root.backend)) {
            root.backend.reset();
            host_.release_versions(root.versions);
            root = Root{};
        } else {
            some_dropped_ = true;
        }
    }
}

}  // namespace fs_server
