// SPDX-License-Identifier: MIT
#include "servers/procmgr/image_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace procmgr {
namespace {

std::string file_of(std::string_view image) {
    return std::string{image_folder} + std::string{image} + std::string{image_file};
}

bool same(const fs::Timestamp& a, const fs::Timestamp& b) {
    return a.seconds == b.seconds && a.nanoseconds == b.nanoseconds;
}

}  // namespace

// The texts that FROM asks for. One that has not been fetched yet is noted; the parser is run again
// when it is there.
class ImageStore::Bases final : public cluufile::ImageSource {
public:
    Bases(const ImageStore& store, const std::vector<std::string>& fetched)
        : store_(store), fetched_(fetched) {}
    std::optional<std::string_view> find(std::string_view image) override {
        const bool known = std::ranges::find(fetched_, image) != fetched_.end();
        if (!known) {
            wanted = image;
            return std::nullopt;
        }
        const auto found = store_.texts_.find(image);
        return found == store_.texts_.end() ? std::nullopt
                                            : std::optional{std::string_view{found->second.text}};
    }
    std::string wanted;

private:
    const ImageStore& store_;
    const std::vector<std::string>& fetched_;
};

Async<Result<std::string>> ImageStore::read(std::string path) {
    auto opened = co_await outside_.call(names_, fs::Open{.flags = fs::OpenFlags::read},
                                         {.payload = ipc::bytes(path)});
    if (!opened) {
        co_return base::fail(ipc::to_status(opened.error()));
    }
    const auto file = opened->take<fs::File>();
    std::string text;
    for (;;) {
        const auto got = co_await outside_.call(
            file, fs::Read{.offset = text.size(), .length = fs::Read::reply_payload});
        if (!got) {
            co_return base::fail(ipc::to_status(got.error()));
        }
        if (got->payload.empty()) {
            co_return text;
        }
        text += ipc::text(got->payload);
        if (text.size() > max_text) {
            co_return base::fail(Status::too_big);
        }
    }
}

// Where the images are.
Async<Result<void>> ImageStore::enter() {
    constexpr unsigned most_tries = 3;
    if (entrance_ || entered_ == most_tries) {
        co_return Result<void>{};
    }
    ++entered_;
    // A Manager's view has no entrances, as its mounts may change.
    const auto rules = whole_view();
    auto derived = co_await outside_.call(names_, names::Derive{}, {.payload = rules});
    if (!derived) {
        co_return base::fail(ipc::to_status(derived.error()));
    }
    const auto view = derived->take<names::View>();
    auto entered =
        co_await outside_.call(view, names::Enter{}, {.payload = ipc::bytes(image_folder)});
    if (!entered) {
        co_return base::fail(ipc::to_status(entered.error()));
    }
    std::vector<std::string> mounts;
    for (std::string_view paths = ipc::text(entered->payload); paths.contains('\0');) {
        mounts.emplace_back(paths.substr(0, paths.find('\0')));
        paths.remove_prefix(mounts.back().size() + 1);
    }
    if (mounts.empty() || entrance_) {  // another one has been quicker
        co_return base::fail(Status::io_error);
    }
    mount_ = mounts.front();
    further_.assign(mounts.begin() + 1, mounts.end());
    entrance_ = entered->take<fs::Directory>();
    versions_ = entered->take<ipc::Memory>(1);
    co_return Result<void>{};
}

// A call on its way may still name the capability.
void ImageStore::leave() {
    left_.push_back(std::move(entrance_));
    versions_.reset();
    device_ = 0;
}

std::optional<std::string_view> ImageStore::rest_of(std::string_view path) const {
    const auto lies_below = [path](std::string_view mount) {
        return path.starts_with(mount) &&
               (path.size() == mount.size() || path[mount.size()] == '/');
    };
    if (!entrance_ || !lies_below(mount_) || path.size() == mount_.size() ||
        std::ranges::any_of(further_, lies_below)) {
        return std::nullopt;
    }
    return path.substr(mount_.size() + 1);
}

std::size_t ImageStore::counter_of(std::uint64_t inode) {
    return offsetof(fs::Versions, contents) + fs::Versions::place_of(inode) * sizeof(std::uint64_t);
}

// Read by the kernel: when the file system's process has ended, the page is gone, and this fails.
std::uint64_t ImageStore::version(std::size_t offset) {
    std::uint64_t count = 0;
    if (!versions_) {
        return 0;
    }
    const auto read = versions_->read(offset, sizeof count);
    if (!read || read->size() != sizeof count) {
        leave();
        return 0;
    }
    std::memcpy(&count, read->data(), sizeof count);
    return count;
}

bool ImageStore::holds(const Until& until) {
    return until.names != 0 && until.names == names_version() &&
           std::ranges::all_of(until.contents, [this](const auto& one) {
               return version(one.first) == one.second;
           });
}

Async<ImageStore::Seen> ImageStore::look(std::string path) {
    Seen seen;
    const std::uint64_t names = names_version();
    if (const auto rest = rest_of(path)) {
        const auto answer = co_await outside_.call(entrance_, fs::GetPathAttributes{},
                                                   {.payload = ipc::bytes(*rest)});
        if (!answer && answer.error() == ipc::Failure{Status::not_found}) {
            seen.names = names;
            seen.direct = true;
            co_return seen;
        }
        fs::Attributes attributes;
        if (answer && answer->reply.redirected == fs::Redirected::no &&
            ipc::read_payload(answer->payload, attributes)) {
            device_ = attributes.device;
            seen.attributes = attributes;
            seen.names = stamped(answer->reply.names);
            seen.direct = true;
            co_return seen;
        }
    }
    const auto answer =
        co_await outside_.call(names_, fs::GetPathAttributes{}, {.payload = ipc::bytes(path)});
    fs::Attributes attributes;
    if (!answer) {
        seen.attributes = base::fail(ipc::to_status(answer.error()));
    } else if (ipc::read_payload(answer->payload, attributes)) {
        seen.attributes = attributes;
        seen.names = attributes.device == device_ ? stamped(answer->reply.names) : 0;
    } else {
        seen.attributes = base::fail(Status::io_error);
    }
    co_return seen;
}

// Where the image is, if its name is a link; else nothing.
Async<std::string> ImageStore::place_of(std::string name) {
    const auto link = co_await outside_.call(
        names_, fs::ReadSymbolicLink{}, {.payload = ipc::bytes(std::string{image_folder} + name)});
    const bool is_link = link && link->reply.redirected == fs::Redirected::no;
    co_return std::string{is_link ? place_of_image(ipc::text(link->payload)) : std::string_view{}};
}

Async<Result<void>> ImageStore::fetch(std::string name, Until& until) {
    std::string path = file_of(name), place;
    // Before it is looked at: by its number, which is not known yet, if it has not been fetched before.
    const auto known = texts_.find(name);
    const std::uint64_t before = known == texts_.end() ? 0 : known->second.inode;
    const std::size_t counter = counter_of(before);
    const std::uint64_t contents = version(counter);
    Seen seen = co_await look(path);
    if (!seen.direct && seen.attributes) {
        place = co_await place_of(name);
        if (!place.empty()) {
            path = file_of(place);
            seen = co_await look(path);
        }
    }
    if (seen.names != until.names) {
        until.names = 0;
    }
    if (!seen.attributes) {
        texts_.erase(name);
        co_return base::fail(seen.attributes.error());
    }
    const fs::Attributes& attributes = *seen.attributes;
    if (const auto found = texts_.find(name);
        found != texts_.end() && found->second.inode == attributes.inode &&
        found->second.size == attributes.size && found->second.place == place &&
        same(found->second.modified, attributes.modified)) {
        until.contents.emplace(counter, contents);
        co_return Result<void>{};
    }
    until.names = 0;
    auto text = co_await read(path);
    if (!text) {
        co_return base::fail(text.error());
    }
    if (texts_.size() >= max_images) {
        texts_.clear();
    }
    texts_[name] = {attributes.modified, attributes.inode, attributes.size, std::move(*text),
                    std::move(place)};
    co_return Result<void>{};
}

Async<ImageLookup> ImageStore::find(std::string name) {
    if (const auto found = known_.find(name); found != known_.end()) {
        if (holds(found->second.until)) {
            co_return found->second.lookup;
        }
        known_.erase(name);
    }
    (void)co_await enter();
    Until until{.names = names_version(), .contents = {}};
    ImageLookup lookup = co_await make(name, until);
    if (until.names != 0 && lookup.outcome != ImageLookup::Outcome::wrong) {
        if (known_.size() >= max_images) {
            known_.clear();
        }
        known_.insert_or_assign(name, Known{lookup, std::move(until)});
    }
    co_return lookup;
}

Async<ImageLookup> ImageStore::make(std::string name, Until& until) {
    ImageLookup lookup;
    std::vector<std::string> fetched;
    std::string next = name;
    const std::string file = file_of(name);  // errors refer to it
    for (std::size_t depth = 0; depth <= cluufile::max_from_depth; ++depth) {
        const auto got = co_await fetch(next, until);
        if (!got && next == name &&
            (got.error() == Status::not_found || got.error() == Status::not_directory)) {
            co_return lookup;
        }
        if (!got && got.error() != Status::not_found) {
            lookup.outcome = ImageLookup::Outcome::wrong;
            lookup.complaint = file_of(next) + " cannot be read";
            co_return lookup;
        }
        fetched.push_back(next);
        const auto root = texts_.find(name);
        if (root == texts_.end()) {
            co_return lookup;
        }
        Bases bases{*this, fetched};
        const auto parsed = cluufile::parse(file, root->second.text, bases);
        if (parsed) {
            lookup.outcome = ImageLookup::Outcome::found;
            lookup.plan = cluufile::plan_of(name, *parsed);
            for (const std::string& image : fetched) {
                const auto found = texts_.find(image);
                if (found != texts_.end() && !found->second.place.empty()) {
                    lookup.plan.places.emplace_back(image, found->second.place);
                }
            }
            co_return lookup;
        }
        if (bases.wanted.empty()) {
            char buffer[400];
            lookup.outcome = ImageLookup::Outcome::wrong;
            lookup.complaint = cluufile::format(parsed.error(), buffer);
            co_return lookup;
        }
        next = bases.wanted;
    }
    lookup.outcome = ImageLookup::Outcome::wrong;
    lookup.complaint = file_of(name) + ": too many images, each FROM another";
    co_return lookup;
}

}  // namespace procmgr
