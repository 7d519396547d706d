"""The steps of one load, called stations: from the reading of the layers to the validated model."""
