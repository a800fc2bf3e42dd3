"""TabularClassifier and TabularRegressor: tables with categories and missing values. Nothing here knows _mlp/."""
