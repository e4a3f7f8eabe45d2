// SPDX-License-Identifier: MIT
// Where an image is made: a directory beside the images, with a name that none of them can have. It becomes an image when it is
// whole, by one rename; else it goes. What a power cut leaves of one, the next goes over: whoever makes an image holds a
// lock in its workshop, so one without is nobody's.
//
//   NAME -> .image-XXXXXX                 one that was built or imported
//   .image-XXXXXX/Cluufile, .../root       it, and its files, if it has any
//
// So an image is replaced in one moment, and containers of the old one see what they saw. What no name leads to any more, and no
// container uses, goes when the next image is made or removed. The images that came with the system are directories themselves.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "apps/oci/descriptor.hpp"

namespace oci {

// The directories of images that containers use; nothing: that is not known.
using Used = std::optional<std::set<std::string>>;

class Workshop {
public:
    // mkdtemp's form, below the folder of the images.
    static constexpr const char* importing = ".import-XXXXXX";
    static constexpr const char* building = ".build-XXXXXX";

    Workshop(const std::string& folder, const char* form);
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop();

    explicit operator bool() const { return !path_.empty(); }  // false: errno says why
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string name() const { return path_.substr(path_.rfind('/') + 1); }

    // A file in it, in place of one of this name.
    Result<void> write(const char* name, std::string_view text) const;
    // What is in it is on the disk before it is the image. One of this name that was made so is replaced, in one moment.
    Result<void> become(const std::string& image);
    // Removes those that were replaced, and that nobody uses.
    void clear_old(const Used& used) const;

private:
    friend Result<void> remove_image(const std::string& name, const std::string& folder,
                                     const Used& used);
    bool hold();
    void clear_up() const;  // after those that did not come to an end
    std::string folder_path_, path_;
    Descriptor folder_, lock_;
};

// 1 to 63 of a-z 0-9 . _ -, and not `minimal`.
Result<void> check_name(const std::string& image);

// An image, at once or not at all. What it is stays while somebody uses it.
Result<void> remove_image(const std::string& name, const std::string& folder,
                          const Used& used = std::nullopt);

// The directory of an image's own files.
Result<Descriptor> open_files(int folder, const std::string& image);

}  // namespace oci
