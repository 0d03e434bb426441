"""How any page behaves: twins, paging, navigation, panels, errors, the frame and its assets."""
