// SPDX-License-Identifier: MIT
// What those who watch a file hear of it: the events of inotify(7), in the order of Linux.
#include "libs/fs_server/service.hpp"

namespace fs_server {
namespace {

using Event = fs::Event;

std::uint32_t of_kind(fs::Kind kind) {
    return kind == fs::Kind::directory ? Event::of_directory : 0;
}

// Looks for the name of a file in a directory, but not for long: others wait meanwhile.
class NameSearch final : public DirectorySink {
public:
    NameSearch(Inode wanted, std::string& name) : wanted_(wanted), name_(name) {}
    bool add(const Entry& entry) override {
        if (entry.inode == wanted_ && entry.name != "." && entry.name != "..") {
            name_ = entry.name;
        }
        return name_.empty() && ++seen_ < most;
    }

private:
    static constexpr std::uint32_t most = 1024;

    std::uint32_t seen_ = 0;
    Inode wanted_;
    std::string& name_;
};

}  // namespace

Result<fs::Watch::Reply> Service::handle(const fs::Watch& watch, ipc::Request& request) {
    const OpenFile* file = TRY(file_of(request));
    auto notification = request.take<ipc::Notification>();
    if (!file->has(fs::OpenFlags::read) || file->has(fs::OpenFlags::path_only)) {
        return base::fail(Status::bad_handle);
    }
    const std::uint64_t badge = request.badge();
    if (watch.mask == 0) {
        watchers_.end(badge);
    } else if (watchers_.has(badge)) {
        watchers_.change(badge, {watch.mask, watch.bits});
    } else if (!notification) {
        return base::fail(Status::invalid);
    } else {
        TRY(watchers_.begin(badge, {file->backend, file->inode}, {watch.mask, watch.bits},
                            std::move(notification)));
    }
    return fs::Watch::Reply{};
}

Result<fs::ReadEvents::Reply> Service::handle(const fs::ReadEvents&, ipc::Request& request) {
    TRY(file_of(request));
    request.set_reply_length(watchers_.read(request.badge(), request.reply_payload()));
    return fs::ReadEvents::Reply{};
}

// A file that was opened before its directory was watched is looked for there, once.
std::string_view Service::name_of(OpenFile& file) {
    if (!file.name_known) {
        NameSearch search{file.inode, file.name};
        (void)file.backend->list(file.parent, 0, search);
        file.name_known = true;
    }
    return file.name;
}

bool Service::is_named_to_others(const OpenFile& file) const {
    return file.parent != file.inode && watchers_.watched({file.backend, file.parent});
}

void Service::tell_of_file(OpenFile& file, std::uint32_t mask) {
    mask |= of_kind(file.kind);
    if (is_named_to_others(file)) {
        if (const std::string_view name = name_of(file); !name.empty()) {
            watchers_.tell({file.backend, file.parent}, {.mask = mask, .name = name});
        }
    }
    watchers_.tell({file.backend, file.inode}, {.mask = mask});
}

void Service::tell_of_node(Backend& backend, const Walk& at, std::uint32_t mask) {
    mask |= of_kind(at.attributes.kind);
    if (!at.name.empty()) {
        watchers_.tell({&backend, at.parent}, {.mask = mask, .name = at.name});
    }
    watchers_.tell({&backend, *at.node}, {.mask = mask});
}

void Service::tell_of_new(Backend& backend, const Walk& at, fs::Kind kind) {
    watchers_.tell({&backend, at.parent},
                   {.mask = Event::created | of_kind(kind), .name = at.name});
}

// A name of it is gone; perhaps it was the last one, of a file that nobody has open.
void Service::tell_of_loss(Backend& backend, const Watched& lost, fs::Kind kind) {
    if (!watchers_.watched(lost)) {
        return;
    }
    if (kind != fs::Kind::directory) {
        watchers_.tell(lost, {.mask = Event::attributes});
    }
    const auto now = backend.attributes(lost.inode);
    if (now && now->links == 0 && files_.heard(lost) == 0) {
        watchers_.tell_gone(lost);
    }
}

void Service::tell_of_removal(Backend& backend, const Walk& at) {
    tell_of_loss(backend, {&backend, *at.node}, at.attributes.kind);
    watchers_.tell({&backend, at.parent},
                   {.mask = Event::removed | of_kind(at.attributes.kind), .name = at.name});
}

void Service::tell_of_move(Backend& backend, const Walk& from, const Walk& to) {
    const std::uint32_t kind = of_kind(from.attributes.kind);
    ++moves_told_;
    watchers_.tell({&backend, from.parent},
                   {.mask = Event::moved_from | kind, .name = from.name, .cookie = moves_told_});
    watchers_.tell({&backend, to.parent},
                   {.mask = Event::moved_to | kind, .name = to.name, .cookie = moves_told_});
    if (to.node) {
        tell_of_loss(backend, {&backend, *to.node}, to.attributes.kind);
    }
    watchers_.tell({&backend, *from.node}, {.mask = Event::moved_itself});
}

void Service::tell_of_close(std::uint64_t badge) {
    OpenFile* file = files_.find(badge);
    if (file == nullptr) {
        return;
    }
    note(*file, file->has(fs::OpenFlags::write) ? Event::closed_written : Event::closed);
    const Watched closed{file->backend, file->inode};
    if (file->is_heard() && watchers_.watched(closed) && files_.heard(closed) == 1) {
        const auto now = file->backend->attributes(file->inode);
        if (now && now->links == 0) {
            watchers_.tell_gone(closed);
        }
    }
}

}  // namespace fs_server
