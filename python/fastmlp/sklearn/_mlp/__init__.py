"""MLPClassifier and MLPRegressor: scikit-learn's classes of these names over the core. Nothing here knows _tabular/."""
