// Syllables shared by the languages in Latin script: names put together from them read as names in all six.
#pragma once

#include "demo/language.h"

namespace cria {

// The built half of a name class; the caller adds its own curated names.
NameClass latin_first_names(Frames train, Frames held_out);
NameClass latin_last_names(Frames train, Frames held_out);
NameClass latin_inventions();

}  // namespace cria
