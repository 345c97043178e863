"""Another site's leaked list, tried at a site of synthetic members: how many accounts fall, with and without a gate."""
