// SPDX-License-Identifier: MIT
#include "linux/fd/entrances.hpp"

#include <cstring>

#include "interfaces/process_image.hpp"
#include "linux/entry/user_memory.hpp"

namespace linux::fd {

constinit Entrances entrances;

namespace {

// Does `path` lie at or below `base` (both in the view's form)? What comes after it.
std::optional<std::string_view> below(std::string_view path, std::string_view base) {
    if (path.size() < base.size() || (path.size() > base.size() && path[base.size()] != '/') ||
        std::memcmp(path.data(), base.data(), base.size()) != 0) {
        return std::nullopt;
    }
    path.remove_prefix(base.size());
    return path;
}

// Takes the text up to the zero byte off the front.
std::string_view take_path(std::string_view& mounts) {
    const std::string_view path{mounts.data()};
    mounts.remove_prefix(path.size() + 1);
    return path;
}

}  // namespace

// Nothing if the path is not this entrance's.
std::optional<std::string_view> Entrances::rest_of(const Entrance& entrance,
                                                   std::string_view path) {
    if (!entrance.directory || entrance.retired) {
        return std::nullopt;
    }
    const auto rest = below(path.size() == 1 ? std::string_view{} : path, entrance.mount);
    if (!rest) {
        return std::nullopt;
    }
    std::string_view further = entrance.further;
    while (!further.empty()) {
        if (below(path, take_path(further))) {
            return std::nullopt;
        }
    }
    return rest;
}

std::optional<Entrances::Way> Entrances::enter(std::string_view path, bool opens) {
    MutexGuard guard{lock_};
    // Paths mostly begin where the one before did.
    for (std::size_t i = 0; i < entrances_.size(); ++i) {
        const std::size_t at = (recent_ + i) % entrances_.size();
        Entrance& entrance = entrances_[at];
        if (const auto rest = rest_of(entrance, path)) {
            recent_ = at;
            users_.fetch_add(1, std::memory_order_acquire);
            if (entrance.versions == nullptr && entrance.page && ++entrance.used > worth_it) {
                map_versions(entrance);
            }
            const fs::Versions* page = entrance.versions;
            return Way{entrance.directory.ref(),
                       rest->substr(rest->empty() ? 0 : 1),
                       at,
                       {page, page == nullptr ? 0 : user::load_shared(page->names)},
                       opens ? std::move(entrance.spare) : Spare{},
                       age_};
        }
    }
    if (failures_ < most_failures && ++asked_ > worth_it) {
        asked_ = 0;
        learn(path);
    }
    return std::nullopt;
}

// Keeps the message page: it holds the path.
void Entrances::learn(std::string_view path) {
    for (Entrance& entrance : entrances_) {
        if (entrance.directory) {
            continue;
        }
        const std::string asked{path};
        auto answer = ipc::call(own_view(), names::Enter{}, {.payload = ipc::bytes(asked)});
        if (answer && !answer->payload.empty() && answer->payload.back() == std::byte{0}) {
            std::string_view mounts = ipc::text(answer->payload);
            entrance.mount = take_path(mounts);
            entrance.further = mounts;
            entrance.directory = answer->take<fs::Directory>();
            entrance.page = answer->take<ipc::Memory>(1);
            entrance.used = worth_it;  // it has been asked for because of that
        } else {
            ++failures_;
        }
        std::memcpy(ipc::message_page().data(), asked.data(), asked.size());
        return;
    }
    failures_ = most_failures;
}

void Entrances::map_versions(Entrance& entrance) {
    const auto place = static_cast<std::size_t>(&entrance - entrances_.data());
    const std::uint64_t address = process::version_pages + place * abi::page_size;
    known_.prepare();
    const auto mapped = ipc::own_space()->map(
        entrance.page, {.address = address,
                        .length = abi::page_size,
                        .flags = abi::MapFlags::read | abi::MapFlags::on_clone_drop});
    if (mapped) {
        entrance.versions = reinterpret_cast<const fs::Versions*>(address);
    } else {
        entrance.page.reset();
    }
}

void Entrances::on_fork_child() {
    users_ = 0;
    asked_ = 0;  // a child mostly opens little
    known_.on_fork_child();
    for (Entrance& entrance : entrances_) {
        entrance.versions = nullptr;
        entrance.used = 0;
    }
}

void Entrances::remember(const Way& way, std::string_view path, bool follow,
                         const KnownPaths::Version& version, const fs::Attributes* attributes) {
    MutexGuard guard{lock_};
    if (!entrances_[way.place].retired) {
        known_.remember(path, follow, version, attributes);
    }
}

Known Entrances::look_up(std::string_view path, bool follow, fs::Attributes* to) {
    MutexGuard guard{lock_};
    return known_.look_up(path, follow, to);
}

void Entrances::close(ipc::Capability<fs::File> file, const Origin& origin) {
    {
        MutexGuard guard{lock_};
        if (!takes(origin)) {
            return;
        }
    }
    const auto closed = ipc::call(file, fs::Close{}, {.only_copy = true});
    if (closed) {
        MutexGuard guard{lock_};
        if (takes(origin)) {
            entrances_[origin.place_after - 1].spare = {std::move(file), closed->reply.number};
        }
    }
}

void Entrances::put_back(Way& way) {
    MutexGuard guard{lock_};
    if (takes({static_cast<std::uint32_t>(way.place + 1), way.age})) {
        entrances_[way.place].spare = std::move(way.spare);
    }
}

void Entrances::give_up_spares() {
    ++age_;
    for (Entrance& entrance : entrances_) {
        entrance.spare.file.reset();
    }
}

void Entrances::give_up() {
    MutexGuard guard{lock_};
    known_.forget_all();
    give_up_spares();
    const bool in_use = users_.load(std::memory_order_acquire) != 0;
    for (Entrance& entrance : entrances_) {
        entrance.retired = true;
        if (!in_use && entrance.directory) {
            entrance.directory.reset();
            entrance.page.reset();
            if (entrance.versions != nullptr) {
                (void)ipc::own_space()->unmap(reinterpret_cast<std::uint64_t>(entrance.versions),
                                              abi::page_size);
                entrance.versions = nullptr;
            }
        }
        if (!entrance.directory) {
            entrance.retired = false;
        }
    }
    asked_ = 0;
}

base::Result<OpenedPath, ipc::Failure> open_path(fs::Open open, std::string_view path) {
    if (only_looks(open) && entrances.look_up(path, true, nullptr) == Known::missing) {
        return base::fail(ipc::Failure{ipc::Status::not_found});
    }
    auto way = entrances.enter(path, true);
    if (way) {
        open.into = way->spare.file ? way->spare.number : 0;
        auto answer = ipc::call(way->directory, open, {.payload = ipc::bytes(way->rest)});
        if (!answer && answer.error() == ipc::Failure{ipc::Status::busy} && open.into != 0) {
            way->spare = {};
            open.into = 0;
            answer = ipc::call(way->directory, open, {.payload = ipc::bytes(way->rest)});
        }
        const bool opened = answer && answer->reply.redirected == fs::Redirected::no;
        if (!opened && way->spare.file) {
            entrances.put_back(*way);
        }
        remember(*way, path, open, answer);
        entrances.leave();
        if (answer ? !needs_view(answer->reply) : !needs_view(answer.error())) {
            if (!answer) {
                return base::fail(answer.error());
            }
            return OpenedPath{
                way->spare.file ? std::move(way->spare.file) : answer->take<fs::File>(),
                answer->reply,
                {static_cast<std::uint32_t>(way->place + 1), way->age}};
        }
        open.into = 0;
    }
    auto answer = TRY(ipc::call(own_view(), open, {.payload = ipc::bytes(path)}));
    return OpenedPath{answer.take<fs::File>(), answer.reply, {}};
}

}  // namespace linux::fd
