// SPDX-License-Identifier: MIT
#include "servers/procmgr/image_store.hpp"

#include <algorithm>
#include <vector>

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

Async<Result<void>> ImageStore::fetch(std::string name) {
    const std::string path = file_of(name);
    const auto answer =
        co_await outside_.call(names_, fs::GetPathAttributes{}, {.payload = ipc::bytes(path)});
    fs::Attributes attributes;
    if (!answer) {
        texts_.erase(name);
        co_return base::fail(ipc::to_status(answer.error()));
    }
    if (!ipc::read_payload(answer->payload, attributes)) {
        co_return base::fail(Status::io_error);
    }
    if (const auto found = texts_.find(name); found != texts_.end() &&
                                              found->second.inode == attributes.inode &&
                                              found->second.size == attributes.size &&
                                              same(found->second.modified, attributes.modified)) {
        co_return Result<void>{};
    }
    auto text = co_await read(path);
    if (!text) {
        co_return base::fail(text.error());
    }
    if (texts_.size() >= max_images) {
        texts_.clear();
    }
    texts_[name] = {attributes.modified, attributes.inode, attributes.size, std::move(*text)};
    co_return Result<void>{};
}

Async<ImageLookup> ImageStore::find(std::string name) {
    ImageLookup lookup;
    std::vector<std::string> fetched;
    std::string next = name;
    const std::string file = file_of(name);  // errors refer to it
    for (std::size_t depth = 0; depth <= cluufile::max_from_depth; ++depth) {
        const auto got = co_await fetch(next);
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
