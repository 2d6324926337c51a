// SPDX-License-Identifier: Apache-2.0
// One change each of a document: a dimension of its own, a field of the table, or anything
// anywhere.
#pragma once

#include <span>
#include <string_view>

#include "choices.hpp"
#include "hardened/core/json.hpp"

namespace hardened::property {

using Edit = void (*)(Json& document, Choices& choices);

// Of a config.json; of a process document; of a resources document.
std::span<const Edit> config_edits();
std::span<const Edit> process_edits();
std::span<const Edit> resources_edits();

// Not by what a field means: any member erased, doubled, moved, replaced, added under a name that
// nobody knows.
void edit_anything(Json& document, Choices& choices);
// A field of defaults/fields.json below `root` ("/process"), with a value of its type.
void put_field(Json& document, std::string_view root, Choices& choices);

// The value at `pointer`, which becomes an object where it is none.
Json& object_at(Json& document, std::string_view pointer);
Json& array_at(Json& document, std::string_view pointer);
// Adds to an array, takes from it, or puts another in place of one.
void edit_list(Json& list, Choices& choices, Json (*make)(Choices&));

Json syscall_entry(Choices& choices);
Json mount(Choices& choices);

}  // namespace hardened::property
