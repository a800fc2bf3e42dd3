"""Parts of ``fit_many`` that know networks: fleets that are trained in other processes, or on other machines."""
