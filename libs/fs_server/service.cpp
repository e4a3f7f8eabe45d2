// SPDX-License-Identifier: MIT
#include "libs/fs_server/service.hpp"

#include <algorithm>

namespace fs_server {

std::uint64_t Service::add_root(std::unique_ptr<Backend> backend) {
    const auto free = std::ranges::find_if(roots_, [](const Root& root) { return !root.backend; });
    const auto place = static_cast<std::uint64_t>(free - roots_.begin());
    if (free == roots_.end()) {
        roots_.push_back({std::move(backend)});
    } else {
        *free = Root{std::move(backend)};
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

std::string_view Service::keep_path(const ipc::Request& request, std::size_t skip) {
    const std::string_view text = request.text();
    const std::string_view path = text.substr(std::min(skip, text.size()));
    path_.assign(path.begin(), path.end());
    return {path_.data(), path_.size()};
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
        }
    } else {
        std::erase_if(waiting_, [&](const WaitingLock& waiting) {
            return waiting.lock.owner.description == badge;
        });
        pipes_.close(badge, host_);
        const bool had_locks = locks_.drop(badge);
        files_.remove(badge);
        if (had_locks) {
            retry_locks();
        }
    }
    sweep_roots();
}

// Ends the file systems whose root is gone and of which nothing is open.
void Service::sweep_roots() {
    for (Root& root : roots_) {
        if (root.dropped && root.backend && !files_.uses(*root.backend)) {
            root = Root{};
        }
    }
}

}  // namespace fs_server
